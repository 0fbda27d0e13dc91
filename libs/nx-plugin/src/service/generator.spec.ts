import { existsSync } from 'node:fs';
import { readJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import serviceGenerator from './generator.ts';
import type { ServiceGeneratorOptions } from './options.ts';

let tree: Tree;

/** A workspace with what a service depends on. */
beforeEach(() => {
  tree = createTreeWithEmptyWorkspace();
  const dependencies = Object.fromEntries(
    [
      '@nestjs/common',
      '@nestjs/core',
      '@nestjs/microservices',
      '@nestjs/swagger',
      'kysely',
      'reflect-metadata',
      'rxjs',
      'zod',
    ].map((name) => [name, '^1.2.3']),
  );
  for (const library of ['contracts', 'database', 'discovery', 'messaging', 'observability', 'rpc', 'service']) {
    tree.write(
      `libs/${library}/package.json`,
      JSON.stringify({ name: `@rookery/${library}`, version: '0.1.0', dependencies }),
    );
  }
  tree.write('tests/servers/package.json', JSON.stringify({ name: '@rookery/servers', version: '0.1.0' }));
  tree.write('libs/contracts/src/index.ts', "export type { Film } from './catalog/catalog.ts';\n");
  tree.write('apps/orders/package.json', JSON.stringify({ name: '@rookery-apps/orders', version: '0.1.0' }));
  tree.write(
    'tsconfig.json',
    JSON.stringify({ files: [], references: [{ path: './apps/orders' }, { path: './tests' }] }),
  );
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
      rookery: { purpose: 'What viewers say', needs: ['registry', 'postgres'] },
      dependencies: { '@nestjs/common': '^1.2.3', '@rookery/database': '0.1.0', kysely: '^1.2.3' },
      devDependencies: { '@rookery/servers': '0.1.0' },
    });
    expect(readJson(tree, 'apps/reviews/tsconfig.json').references).toEqual([
      { path: '../../libs/database' },
      { path: '../../libs/observability' },
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
