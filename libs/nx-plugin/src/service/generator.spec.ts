import { existsSync } from 'node:fs';
import { readJson, type Tree } from '@nx/devkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { workspaceTree } from '../testing/workspace.ts';
import serviceGenerator from './generator.ts';
import type { ServiceGeneratorOptions } from './options.ts';

let tree: Tree;

beforeEach(() => {
  tree = workspaceTree();
});

/** Files that the generator wrote, below `apps/` and `libs/`. */
function generate(options: ServiceGeneratorOptions): string[] {
  const before = new Set(tree.listChanges().map(({ path }) => path));
  serviceGenerator(tree, options);
  return tree
    .listChanges()
    .map(({ path }) => path)
    .filter((path) => !before.has(path))
    .sort();
}

const HTTP = [
  'apps/reviews/README.md',
  'apps/reviews/package.json',
  'apps/reviews/src/app.module.ts',
  'apps/reviews/src/main.ts',
  'apps/reviews/src/reviews/review-schemas.ts',
  'apps/reviews/src/reviews/reviews-store.spec.ts',
  'apps/reviews/src/reviews/reviews-store.ts',
  'apps/reviews/src/reviews/reviews.controller.spec.ts',
  'apps/reviews/src/reviews/reviews.controller.ts',
  'apps/reviews/src/reviews/reviews.module.ts',
  'apps/reviews/tsconfig.json',
  'deploy/kubernetes/base/apps/reviews.yaml',
];
const DATABASE = [
  'apps/reviews/src/migrations/001-create-reviews.ts',
  'apps/reviews/src/migrations/index.ts',
  'apps/reviews/src/reviews/reviews-table.ts',
];
const GRPC = [
  'apps/reviews/src/reviews/reviews.grpc.spec.ts',
  'apps/reviews/src/reviews/reviews.grpc.ts',
  'libs/contracts/proto/reviews/v1/reviews.proto',
  'libs/contracts/src/reviews/reviews.ts',
];
const MESSAGING = [
  'apps/reviews/src/reviews/reviews.events.spec.ts',
  'apps/reviews/src/reviews/reviews.events.ts',
  'libs/contracts/src/reviews/review-requested.ts',
];

describe('nx g @rookery/nx:service', () => {
  it.each<[string, Partial<ServiceGeneratorOptions>, string[]]>([
    ['HTTP', {}, HTTP],
    ['a database', { database: true }, [...HTTP, ...DATABASE]],
    ['gRPC', { grpc: true }, [...HTTP, ...GRPC]],
    ['messaging', { messaging: true }, [...HTTP, ...MESSAGING]],
    ['all', { grpc: true, messaging: true, database: true }, [...HTTP, ...DATABASE, ...GRPC, ...MESSAGING]],
  ])('writes the files of a service with %s', (_kind, parts, files) => {
    expect(generate({ name: 'reviews', ...parts })).toEqual([...files].sort());
    for (const file of files) expect(tree.read(file, 'utf8'), file).not.toMatch(/<%|%>/);
  });

  it('declares what the service imports, at the versions of the workspace', () => {
    generate({ name: 'reviews', database: true, purpose: 'What viewers say' });
    expect(readJson(tree, 'apps/reviews/package.json')).toMatchObject({
      name: '@rookery-apps/reviews',
      rookery: { purpose: 'What viewers say', needs: ['registry', 'postgres', 'auth'] },
      dependencies: { '@nestjs/common': '^1.2.3', '@rookery/database': '0.1.0', kysely: '^1.2.3' },
      devDependencies: { '@rookery/servers': '0.1.0' },
    });
    expect(readJson(tree, 'apps/reviews/tsconfig.json').references).toEqual([
      { path: '../../libs/database' },
      { path: '../../libs/observability' },
      { path: '../../libs/security' },
      { path: '../../libs/service' },
      { path: '../../tests/servers' },
    ]);
  });

  it('enters the service into the root tsconfig and its contract into libs/contracts', () => {
    generate({ name: 'reviews', grpc: true });
    expect(readJson(tree, 'tsconfig.json').references).toEqual([
      { path: './apps/orders' },
      { path: './apps/reviews' },
      { path: './tests' },
    ]);
    expect(tree.read('libs/contracts/src/index.ts', 'utf8')).toContain("reviewsProto } from './reviews/reviews.ts'");
  });

  it('decides who may call every handler: a token with a permission of the service, or anyone who reads', () => {
    generate({ name: 'order-notes', grpc: true, messaging: true });
    const text = (file: string) => tree.read(`apps/order-notes/src/${file}`, 'utf8') ?? '';
    const declared = (file: string) => text(file).match(/@(Public|RequiresPermissions)\(.*\)/g);
    expect(text('app.module.ts')).toContain('SecurityModule.forRoot(), ');
    expect(declared('order-notes/order-notes.controller.ts')).toEqual([
      "@RequiresPermissions('order-note:show')",
      "@RequiresPermissions('order-note:create')",
      "@RequiresPermissions('order-note:show')",
    ]);
    expect(declared('order-notes/order-notes.grpc.ts')).toEqual(["@RequiresPermissions('order-note:show')"]);
    expect(declared('order-notes/order-notes.events.ts')).toEqual(["@RequiresPermissions('order-note:create')"]);
    tree = workspaceTree();
    generate({ name: 'order-notes', grpc: true, public: true });
    expect(declared('order-notes/order-notes.controller.ts')).toEqual([
      '@Public()',
      "@RequiresPermissions('order-note:create')",
      '@Public()',
    ]);
    expect(declared('order-notes/order-notes.grpc.ts')).toEqual(['@Public()']);
  });

  it('enters it into the production stack with what it needs', () => {
    const stack = () => tree.read('deploy/stack/stack.ts', 'utf8');
    generate({ name: 'reviews', grpc: true, messaging: true, database: true });
    generate({ name: 'ratings' });
    expect(stack()).toContain(`    { name: 'orders', port: 3000, needs: ['consul', 'auth'] },
    { name: 'reviews', port: 3000, grpcPort: 3001, needs: ['consul', 'postgres', 'rabbitmq', 'auth'] },
    { name: 'ratings', port: 3000, needs: ['consul', 'auth'] },
  ],
`);
  });

  it('is served under /api/<name> by the generic route, or under a route of its own', () => {
    const routes = () => tree.read('apps/gateway/src/routes/route.ts', 'utf8');
    const before = routes();
    generate({ name: 'ratings' });
    expect(routes()).toBe(before);
    generate({ name: 'reviews', route: '/shop/reviews/**' });
    expect(routes()).toContain("  { id: 'reviews', path: '/shop/reviews/**', service: 'reviews' },\n] as const;");
    expect(tree.read('apps/reviews/src/main.ts', 'utf8')).toContain("prefix: 'shop/reviews'");
    expect(tree.read('apps/reviews/src/reviews/reviews.controller.ts', 'utf8')).toMatch(
      /`\/shop\/reviews\/\$\{added\.id\}`/,
    );
  });

  it('is out of reach of the gateway where it is internal', () => {
    generate({ name: 'reviews', internal: true });
    expect(tree.read('apps/reviews/src/main.ts', 'utf8')).toContain('metadata: INTERNAL');
    expect(readJson(tree, 'apps/reviews/package.json').dependencies).toHaveProperty('@rookery/discovery');
    const manifests = tree.read('deploy/kubernetes/base/apps/reviews.yaml', 'utf8');
    expect(manifests).toContain('metadata.rookery.io/exposure: internal');
  });

  it.each<[string, ServiceGeneratorOptions]>([
    ['a name that is no name', { name: 'Reviews' }],
    ['a path', { name: '../reviews' }],
    ['no name', { name: '' }],
    ['a reserved name', { name: 'docs' }],
    ['the name of an app', { name: 'orders' }],
    ['the name of a library', { name: 'service' }],
    ['an item that means something else', { name: 'reviews', item: 'map' }],
    ['a purpose of two lines', { name: 'reviews', purpose: 'a\nb' }],
    ['a contract that exists', { name: 'films', item: 'film', grpc: true }],
    ['a route that is no path', { name: 'reviews', route: 'shop' }],
    ['a route that holds a name', { name: 'reviews', route: '/{shop}/**' }],
    ['a route of the services', { name: 'reviews', route: '/api/shop/**' }],
    ['a route that leads elsewhere', { name: 'reviews', route: '/docs/reviews/**' }],
    ['a route to what no gateway reaches', { name: 'reviews', route: '/shop/**', internal: true }],
  ])('refuses %s in one sentence and writes nothing', (_what, options) => {
    tree.write('libs/contracts/src/index.ts', "export type { FilmMessage } from './catalog/catalog.ts';\n");
    const before = tree.listChanges();
    let said = '';
    try {
      serviceGenerator(tree, options);
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).toMatch(/^[^\n]+[.]$/);
    expect(tree.listChanges()).toEqual(before);
  });

  it('says which package the workspace lacks, and writes nothing', () => {
    tree.delete('libs/service/package.json');
    const before = tree.listChanges();
    expect(() => serviceGenerator(tree, { name: 'reviews' })).toThrow('@rookery/service');
    expect(tree.listChanges()).toEqual(before);
    expect(existsSync('apps/reviews')).toBe(false);
  });
});
