import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type GeneratorCallback, installPackagesTask, type Tree, updateJson } from '@nx/devkit';
import { removeManifests } from '../manifests/manifests.ts';
import { removeContracts } from '../service/contracts.ts';
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
  const link = `node_modules/@rookery-apps/${name}`;
  tree.delete(root);
  removeContracts(tree, name);
  removeManifests(tree, name);
  updateJson(tree, 'tsconfig.json', (tsconfig: { references: Array<{ path: string }> }) => ({
    ...tsconfig,
    references: tsconfig.references.filter(({ path }) => path !== `./${root}`),
  }));
  // npm would leave the entry of a workspace folder that is gone in the lock, as "extraneous".
  if (tree.exists('package-lock.json')) {
    updateJson(tree, 'package-lock.json', (lock: { packages: Record<string, unknown> }) => {
      const { [root]: _folder, [link]: _link, ...packages } = lock.packages;
      return { ...lock, packages };
    });
  }
  return () => {
    // What was built there is no file of the workspace.
    for (const path of [root, link]) rmSync(join(tree.root, path), { recursive: true, force: true });
    installPackagesTask(tree, true);
  };
}
