import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type GeneratorCallback, readJson, type Tree, updateJson } from '@nx/devkit';
import { removeRoutes } from '../gateway/routes.ts';
import { takeOutOfLock } from '../lock.ts';
import { removeManifests } from '../manifests/manifests.ts';
import { removeContracts } from '../service/contracts.ts';
import { removeFromStack, renderCompose } from '../stack/stack-app.ts';
import { removalProblem } from './removal-problem.ts';

export interface RemoveGeneratorOptions {
  name: string;
}

/**
 * `nx g @rookery/nx:remove reviews`: takes a service out without a trace. Throws one sentence, before anything is deleted,
 * when something else still uses it.
 */
export default function removeGenerator(tree: Tree, { name }: RemoveGeneratorOptions): GeneratorCallback {
  const problem = removalProblem(tree, name);
  if (problem) throw new Error(problem);
  const root = `apps/${name}`;
  const { name: packageName } = readJson<{ name: string }>(tree, `${root}/package.json`);
  tree.delete(root);
  removeContracts(tree, name);
  removeManifests(tree, name);
  removeFromStack(tree, name);
  removeRoutes(tree, name);
  updateJson(tree, 'tsconfig.json', (tsconfig: { references: Array<{ path: string }> }) => ({
    ...tsconfig,
    references: tsconfig.references.filter(({ path }) => path !== `./${root}`),
  }));
  const unlink = takeOutOfLock(tree, root, packageName);
  return () => {
    renderCompose(tree.root);
    rmSync(join(tree.root, 'libs/contracts/dist', name), { recursive: true, force: true });
    return unlink();
  };
}
