import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RookeryError } from '@rookery/observability';
import protobuf from 'protobufjs';

/** google/api/http.proto and its like come with protobufjs. */
const WELL_KNOWN = dirname(fileURLToPath(import.meta.resolve('protobufjs/package.json')));

/** The path of a file that comes with protobufjs, by the name under which others import it. */
export const wellKnownFile = (name: string): string => join(WELL_KNOWN, name);

/** Reads .proto files with what they import; `includes` are folders that imports are looked for in. */
export function loadProtoFiles(files: readonly string[], includes: readonly string[]): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => {
    if (protobuf.common.get(target)) return target;
    const candidates = [target, ...[...includes, WELL_KNOWN].map((folder) => join(folder, target))];
    return candidates.map((path) => resolve(path)).find((path) => existsSync(path)) ?? target;
  };
  try {
    root.loadSync([...files]).resolveAll();
    return root;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RookeryError(
      'GATEWAY_PROTO',
      `The protobuf files ${files.join(', ')} cannot be read: ${reason}. Name the folder of their imports in includes.`,
      { cause },
    );
  }
}
