import { readJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import clientGenerator from './generator.ts';
import { zodSource } from './zod-source.ts';

const PROTO = `syntax = "proto3";
package rookery.catalog.v1;

service CatalogService {
  rpc GetFilm(GetFilmRequest) returns (Film) {
    option idempotency_level = NO_SIDE_EFFECTS;
  }
  rpc GetFilms (GetFilmsRequest) returns (GetFilmsResponse);
}
`;
const DOCUMENT = {
  paths: {
    '/api/catalog/films': {
      get: {
        operationId: 'FilmsController_list',
        summary: 'Films, a page */ of them',
        parameters: [
          { name: 'page', in: 'query', schema: { type: 'integer', default: 1 } },
          { name: 'sort', in: 'query', schema: { enum: ['title', 'year'] } },
        ],
        responses: { 200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/FilmPage' } } } } },
      },
      post: {
        operationId: 'FilmsController_add',
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Film' } } } },
        responses: { 201: {}, 400: { content: { 'application/json': { schema: { type: 'string' } } } } },
      },
    },
    '/api/catalog/films/{id}': { delete: { operationId: 'OtherController_list', responses: { 204: {} } } },
  },
  components: {
    schemas: {
      FilmPage: {
        type: 'object',
        required: ['items'],
        properties: { items: { type: 'array', items: { $ref: '#/components/schemas/Film' } } },
      },
      Film: {
        type: 'object',
        required: ['id', 'release-date'],
        properties: { id: { type: 'string' }, 'release-date': { type: ['string', 'null'] }, year: { type: 'integer' } },
      },
      Unused: { type: 'string' },
    },
  },
};
const CLIENT = 'apps/reviews/src/catalog/catalog-client.ts';
let tree: Tree;

beforeEach(() => {
  tree = createTreeWithEmptyWorkspace();
  for (const library of ['contracts', 'rpc']) {
    const manifest = { name: `@rookery/${library}`, version: '0.1.0', dependencies: { zod: '^4.0.0' } };
    tree.write(`libs/${library}/package.json`, JSON.stringify(manifest));
  }
  tree.write(
    'libs/contracts/src/index.ts',
    "export { type CatalogService, catalogProto } from './catalog/catalog.ts';\n",
  );
  tree.write('libs/contracts/proto/catalog/v1/catalog.proto', PROTO);
  tree.write('apps/reviews/package.json', JSON.stringify({ dependencies: { '@rookery/service': '0.1.0' } }));
  tree.write('apps/reviews/tsconfig.json', JSON.stringify({ references: [{ path: '../../libs/service' }] }));
  tree.write('openapi.json', JSON.stringify(DOCUMENT));
  tree.write(
    'deploy/kubernetes/base/apps/reviews.yaml',
    '      labels:\n        app.kubernetes.io/name: reviews\n    spec:\n      serviceAccountName: rookery-service\n',
  );
});

const client = (): string => tree.read(CLIENT, 'utf8') ?? '';

describe('nx g @rookery/nx:client', () => {
  it('writes a gRPC client from the .proto, typed by the contract', async () => {
    await clientGenerator(tree, { service: 'catalog', into: 'reviews' });
    expect(client()).toContain("import { type CatalogService, catalogProto } from '@rookery/contracts';");
    expect(client()).toContain('/** catalog, over gRPC: getFilm, getFilms. */');
    expect(client()).toContain('export class CatalogClient extends GrpcClient<CatalogService>({');
  });

  it('declares what the client imports, and lets the pods look services up', async () => {
    await clientGenerator(tree, { service: 'catalog', into: 'reviews' });
    expect(readJson(tree, 'apps/reviews/package.json').dependencies).toEqual({
      '@rookery/contracts': '0.1.0',
      '@rookery/rpc': '0.1.0',
      '@rookery/service': '0.1.0',
    });
    const references = readJson(tree, 'apps/reviews/tsconfig.json').references.map(
      ({ path }: { path: string }) => path,
    );
    expect(references).toEqual(['../../libs/contracts', '../../libs/rpc', '../../libs/service']);
    expect(tree.read('deploy/kubernetes/base/apps/reviews.yaml', 'utf8')).toBe(
      '      labels:\n        app.kubernetes.io/name: reviews\n        rookery.io/discovery: "true"\n    spec:\n      serviceAccountName: rookery-discovery\n',
    );
  });

  it('writes an HTTP client from an OpenAPI document', async () => {
    await clientGenerator(tree, { service: 'catalog', into: 'reviews', openapi: 'openapi.json' });
    expect(client()).toContain("import { del, get, post, HttpClient } from '@rookery/rpc';");
    const film =
      'z.object({ id: z.string(), "release-date": z.union([z.string(), z.null()]), year: z.number().optional() })';
    expect(client()).toContain(`export const Film = ${film};`);
    expect(client().indexOf('const Film =')).toBeLessThan(client().indexOf('const FilmPage ='));
    expect(client()).not.toContain('Unused');
    expect(client()).toContain('/** Films, a page * / of them */');
    const query = 'z.object({ page: z.number().optional(), sort: z.literal(["title", "year"]).optional() }).optional()';
    expect(client()).toContain(`list: get("/api/catalog/films", { query: ${query}, response: FilmPage }),`);
    expect(client()).toContain('add: post("/api/catalog/films", { body: Film }),');
    expect(client()).toContain('otherControllerList: del("/api/catalog/films/:id"),');
    expect(readJson(tree, 'apps/reviews/package.json').dependencies).toMatchObject({ zod: '^4.0.0' });
  });

  it.each<[string, Parameters<typeof clientGenerator>[1], string]>([
    ['an unknown consumer', { service: 'catalog', into: 'nothing' }, 'There is no service "nothing" in apps/.'],
    ['a path', { service: '../x', into: 'reviews' }, 'is not a name'],
    ['a client of itself', { service: 'reviews', into: 'reviews' }, 'needs no client of itself'],
    [
      'a service without a contract',
      { service: 'orders', into: 'reviews' },
      '--openapi=http://127.0.0.1:8080/docs/specs/',
    ],
    [
      'a file that is none',
      { service: 'catalog', into: 'reviews', openapi: 'none.json' },
      'none.json is no OpenAPI document',
    ],
    ['another JSON', { service: 'catalog', into: 'reviews', openapi: 'package.json' }, 'it has no paths'],
  ])('refuses %s in one sentence and writes nothing', async (_what, options, sentence) => {
    const before = tree.listChanges();
    await expect(clientGenerator(tree, options)).rejects.toThrow(sentence);
    expect(tree.listChanges()).toEqual(before);
  });

  it('refuses streaming calls, a contract without types, a schema made of itself and a client that exists', async () => {
    const generate = (openapi?: string) =>
      clientGenerator(tree, { service: 'catalog', into: 'reviews', ...(openapi ? { openapi } : {}) });
    tree.write(
      'libs/contracts/proto/catalog/v1/catalog.proto',
      PROTO.replace('returns (Film)', 'returns (stream Film)'),
    );
    await expect(generate()).rejects.toThrow('has a streaming call, GetFilm');
    tree.write('libs/contracts/proto/catalog/v1/catalog.proto', PROTO);
    tree.write('libs/contracts/src/index.ts', '');
    await expect(generate()).rejects.toThrow('libs/contracts exports no CatalogService');
    const { FilmPage } = DOCUMENT.components.schemas;
    const looped = { ...DOCUMENT, components: { schemas: { FilmPage, Film: FilmPage } } };
    tree.write('looped.json', JSON.stringify(looped));
    await expect(generate('looped.json')).rejects.toThrow('Film is made of itself');
    await generate('openapi.json');
    await expect(generate('openapi.json')).rejects.toThrow(`${CLIENT} exists already.`);
  });
});

describe('zod source of a schema', () => {
  it.each([
    [{}, 'z.unknown()'],
    [{ type: 'string', nullable: true }, 'z.string().nullable()'],
    [{ const: 'a"b' }, 'z.literal("a\\"b")'],
    [{ anyOf: [{ type: 'string' }, { type: 'boolean' }] }, 'z.union([z.string(), z.boolean()])'],
    [
      { allOf: [{ $ref: '#/components/schemas/A' }, { type: 'object' }] },
      'z.intersection(A, z.record(z.string(), z.unknown()))',
    ],
    [{ type: 'object', additionalProperties: { type: 'number' } }, 'z.record(z.string(), z.number())'],
  ])('%j is %s', (schema, source) => {
    expect(zodSource(schema, (name) => name)).toBe(source);
  });
});
