import { readFileSync } from 'node:fs';
import { errors } from '../errors.ts';

/** Keys of AES-256 by their ids. What is encrypted is encrypted with the current one; the others still read. */
export interface KeyRing {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

const KEY_BYTES = 32;
const LINE = /^([\w-]{1,64})=([A-Za-z0-9+/_-]{43}=?)$/;

/**
 * The ring that `CONFIG_KEYS` holds, or the file that `CONFIG_KEYS_FILE` names: `id=<32 bytes in base64>`, several divided by
 * commas or lines, the current one first. There is no key that anybody has without having made it: undefined where neither
 * is set.
 */
export function readKeyRing(environment: NodeJS.ProcessEnv = process.env): KeyRing | undefined {
  const { CONFIG_KEYS: text, CONFIG_KEYS_FILE: file } = environment;
  if (text) return parse(text, 'CONFIG_KEYS');
  if (!file) return undefined;
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    throw errors.unreachable(`CONFIG_KEYS_FILE (${file})`, error);
  }
  return parse(content, `CONFIG_KEYS_FILE (${file})`);
}

/** An error names the place of what is wrong, never the key. */
function parse(text: string, where: string): KeyRing {
  const lines = text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const keys = new Map<string, Buffer>();
  for (const [at, line] of lines.entries()) {
    const [, id, encoded = ''] = LINE.exec(line) ?? [];
    const key = Buffer.from(encoded, 'base64');
    if (id === undefined || key.length !== KEY_BYTES || keys.has(id)) throw errors.badKeyRing(where, at + 1);
    keys.set(id, key);
  }
  const [current] = keys.keys();
  if (current === undefined) throw errors.badKeyRing(where, 1);
  return { current, keys };
}
