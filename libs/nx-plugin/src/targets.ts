import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CreateNodesV2, createNodesFromFiles, type TargetConfiguration } from '@nx/devkit';

/**
 * Infers the targets of every project from its folder, so that no project repeats them:
 * `build` (transpile to `dist`), `typecheck`, `lint` and `test` (its specs).
 */
export const createNodesV2: CreateNodesV2 = [
  '{apps,libs}/*/package.json',
  (files, options, context) =>
    createNodesFromFiles(
      (file) => {
        const root = dirname(file);
        if (!existsSync(join(context.workspaceRoot, root, 'src'))) return {};
        return { projects: { [root]: { targets: targetsOf(root) } } };
      },
      files,
      options,
      context,
    ),
];

function targetsOf(root: string): Record<string, TargetConfiguration> {
  return {
    build: {
      command:
        "swc src --out-dir dist --config-file ../../.swcrc --strip-leading-paths --copy-files --ignore '**/*.spec.ts' --quiet",
      options: { cwd: '{projectRoot}' },
      cache: true,
      inputs: ['production', { externalDependencies: ['@swc/core', '@swc/cli'] }],
      outputs: ['{projectRoot}/dist/**/*.{js,js.map,json,css,svg}'],
    },
    typecheck: {
      command: `tsc -b ${root}`,
      options: { cwd: '{workspaceRoot}' },
      cache: true,
      inputs: ['sources', '^sources', '{workspaceRoot}/tsconfig.base.json', '{projectRoot}/tsconfig.json'],
    },
    lint: {
      command: `biome check ${root}`,
      options: { cwd: '{workspaceRoot}' },
      cache: true,
      inputs: ['{projectRoot}/**/*', '{workspaceRoot}/biome.json'],
    },
    test: {
      command: `vitest run --project unit --passWithNoTests ${root}/`,
      options: { cwd: '{workspaceRoot}' },
      cache: true,
      inputs: ['sources', '^sources', '{workspaceRoot}/vitest.config.ts'],
    },
  };
}
