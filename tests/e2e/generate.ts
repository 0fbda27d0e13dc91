/**
 * node tests/e2e/generate.ts '[["service", { "name": "reviews" }], …]': runs generators of @rookery/nx in this folder one
 * after another, each as `nx g` does, in one process.
 */
import { join } from 'node:path';
import type { GeneratorCallback, Tree } from '@nx/devkit';
import { FsTree, flushChanges } from 'nx/src/generators/tree.js';
import generators from '../../libs/nx-plugin/generators.json' with { type: 'json' };

type Name = keyof typeof generators.generators;
type Generator = (
  tree: Tree,
  options: object,
) => Promise<GeneratorCallback | undefined> | GeneratorCallback | undefined;

const root = process.cwd();
for (const [name, options] of JSON.parse(process.argv[2] ?? '[]') as Array<[Name, object]>) {
  const { factory } = generators.generators[name];
  const module = (await import(join(root, 'libs/nx-plugin', factory))) as { default: Generator };
  const tree = new FsTree(root, false);
  const finish = await module.default(tree, options);
  flushChanges(root, tree.listChanges());
  await finish?.();
}
