import { names, type Tree } from '@nx/devkit';
import type { ClientSource } from './generator.ts';

/** A gRPC client from `libs/contracts/proto/<service>/v1/<service>.proto`, typed by what libs/contracts exports for it. */
export function grpcClient(tree: Tree, service: string): ClientSource {
  const path = `libs/contracts/proto/${service}/v1/${service}.proto`;
  const proto = tree.read(path, 'utf8');
  if (proto === null) {
    const document = `http://127.0.0.1:8080/docs/specs/${service}.json`;
    throw new Error(`${service} has no ${path}; for an HTTP client name its document, like --openapi=${document}.`);
  }
  const [, name = '', body = ''] = /\bservice (\w+) \{([\s\S]*?)\n\}/.exec(proto) ?? [];
  const calls = [...body.matchAll(/\brpc (\w+)\s*\(([^)]*)\) returns \(([^)]*)\)/g)];
  if (calls.length === 0) throw new Error(`${path} has no service with calls.`);
  const streaming = calls.find(([, , input = '', output = '']) => /\bstream\b/.test(`${input} ${output}`));
  if (streaming) throw new Error(`${path} has a streaming call, ${streaming[1]}, which clients do not offer.`);

  const { className, propertyName } = names(service);
  const exported = new Set(tree.read('libs/contracts/src/index.ts', 'utf8')?.match(/\w+/g));
  const missing = [name, `${propertyName}Proto`].find((one) => !exported.has(one));
  if (missing) throw new Error(`libs/contracts exports no ${missing}, which the client of ${service} is typed by.`);

  const offered = calls.map(([, call = '']) => names(call).propertyName).join(', ');
  return {
    packages: ['@rookery/contracts', '@rookery/rpc'],
    text: `import { type ${name}, ${propertyName}Proto } from '@rookery/contracts';
import { GrpcClient } from '@rookery/rpc';

/** ${service}, over gRPC: ${offered}. */
export class ${className}Client extends GrpcClient<${name}>({
  service: '${service}',
  proto: ${propertyName}Proto,
  name: '${name}',
}) {}
`,
  };
}
