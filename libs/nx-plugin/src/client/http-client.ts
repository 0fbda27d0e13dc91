import { names } from '@nx/devkit';
import type { ClientSource } from './generator.ts';
import type { OpenApiDocument, Operation } from './openapi-document.ts';
import { type JsonSchema, literal, propertyKey, references, zodSource } from './zod-source.ts';

/** OpenAPI's methods and what @rookery/rpc calls them. */
const METHODS: Record<string, string> = {
  get: 'get',
  head: 'head',
  post: 'post',
  put: 'put',
  patch: 'patch',
  delete: 'del',
};

interface Endpoint {
  name: string;
  method: string;
  path: string;
  operation: Operation;
}

/** A declarative HTTP client from an OpenAPI document: every operation an endpoint, every named schema a constant. */
export function httpClient(service: string, document: OpenApiDocument): ClientSource {
  const endpoints = endpointsOf(document);
  if (endpoints.length === 0) throw new Error(`The document of ${service} has no operations.`);
  const schemas = document.components?.schemas ?? {};
  const identifiers = new Map(Object.keys(schemas).map((name) => [name, names(name.replace(/\W+/g, '-')).className]));
  const refer = (name: string): string => {
    const identifier = identifiers.get(name);
    if (identifier === undefined)
      throw new Error(`The document of ${service} refers to ${name}, which it does not have.`);
    return identifier;
  };
  const used = endpoints.flatMap(({ operation }) => references(schemasOf(operation)));
  const constants = inOrder(used, schemas, service).map(
    (name) => `export const ${refer(name)} = ${zodSource(schemas[name] ?? {}, refer)};\n`,
  );
  const declared = endpoints.map((endpoint) => endpointSource(endpoint, refer));
  const functions = [...new Set(endpoints.map(({ method }) => METHODS[method] ?? method))].sort();
  const needsZod = [...constants, ...declared].some((text) => text.includes('z.'));
  const { className } = names(service);
  return {
    packages: ['@rookery/rpc', ...(needsZod ? ['zod'] : [])],
    text: `import { ${functions.join(', ')}, HttpClient } from '@rookery/rpc';
${needsZod ? "import { z } from 'zod';\n" : ''}
${constants.join('\n')}
/** ${service}, over HTTP: as its OpenAPI document says. */
export class ${className}Client extends HttpClient('${service}', {
${declared.join('')}}) {}
`,
  };
}

function endpointsOf({ paths }: OpenApiDocument): Endpoint[] {
  const taken = new Set<string>();
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => method in METHODS)
      .map(([method, operation]) => {
        const id = operation.operationId ?? `${method}-${path}`;
        // Nest says FilmsController_list; the short name, where it is the only one.
        const candidates = [id.split('_').at(-1) ?? id, id].map((one) => names(one.replace(/\W+/g, '-')).propertyName);
        const base = candidates.find((one) => !taken.has(one)) ?? id;
        let name = base;
        for (let count = 2; taken.has(name); count++) name = `${base}${count}`;
        taken.add(name);
        return { name, method, path: path.replace(/\{([^}]+)\}/g, ':$1'), operation };
      }),
  );
}

const json = (content: Record<string, { schema?: JsonSchema }> | undefined): JsonSchema | undefined =>
  Object.entries(content ?? {}).find(([type]) => /^application\/json\b/.test(type))?.[1].schema;

/** What an operation takes and, when it went well, answers. */
function schemasOf({ parameters = [], requestBody, responses = {} }: Operation) {
  const query = parameters.filter((parameter) => parameter.in === 'query');
  const success = Object.keys(responses)
    .sort()
    .find((status) => /^2/.test(status));
  return { query, body: json(requestBody?.content), response: success && json(responses[success]?.content) };
}

function endpointSource({ name, method, path, operation }: Endpoint, refer: (name: string) => string): string {
  const { query, body, response } = schemasOf(operation);
  const queried: JsonSchema = {
    type: 'object',
    properties: Object.fromEntries(query.map((parameter) => [parameter.name, parameter.schema ?? {}])),
    required: query.filter(({ required }) => required).map((parameter) => parameter.name),
  };
  const optionalQuery = queried.required?.length === 0 ? '.optional()' : '';
  const options = [
    ...(query.length > 0 ? [`query: ${zodSource(queried, refer)}${optionalQuery}`] : []),
    ...(body ? [`body: ${zodSource(body, refer)}`] : []),
    ...(response ? [`response: ${zodSource(response, refer)}`] : []),
  ];
  const summary = operation.summary?.replace(/\s+/g, ' ').replaceAll('*/', '* /');
  const comment = summary ? `  /** ${summary} */\n` : '';
  const given = options.length > 0 ? `, { ${options.join(', ')} }` : '';
  return `${comment}  ${propertyKey(name)}: ${METHODS[method]}(${literal(path)}${given}),\n`;
}

/** Named schemas with what they refer to, each after those that it is made of. */
function inOrder(used: string[], schemas: Record<string, JsonSchema>, service: string): string[] {
  const ordered = new Set<string>();
  const visit = (name: string, above: readonly string[]): void => {
    if (above.includes(name)) {
      throw new Error(`In the document of ${service}, ${name} is made of itself, which no generated client can say.`);
    }
    if (ordered.has(name)) return;
    for (const inner of references(schemas[name])) visit(inner, [...above, name]);
    ordered.add(name);
  };
  for (const name of used) visit(name, []);
  return [...ordered];
}
