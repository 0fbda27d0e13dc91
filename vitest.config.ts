import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';
import { missingPrograms } from './deploy/stack/native/missing-programs.ts';

const swcrc = JSON.parse(readFileSync(new URL('.swcrc', import.meta.url), 'utf8'));
/** `import` and `require` come by themselves; named here they would also hold for the `require` of a CommonJS package. */
const conditions = ['@rookery/source', 'node'];

const shared = {
  plugins: [swc.vite({ tsconfigFile: false, ...swcrc })],
  oxc: false as const,
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
};

/** Unit and contract specs run beside each other; suites that own the whole platform run one after another. */
export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: [
            '{apps,libs}/**/src/**/*.spec.ts',
            'deploy/stack/**/*.spec.ts',
            'tests/*.spec.ts',
            'tests/{servers,lint,platform,bench,kubernetes,sync,chaos/cap}/**/*.spec.ts',
          ],
          testTimeout: 15_000,
          // Most files wait for servers and timers more than they compute.
          maxWorkers: Math.max(3, availableParallelism()),
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.spec.ts', 'tests/chaos/*.spec.ts'],
          globalSetup: 'tests/platform/global-setup.ts',
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...shared,
        test: {
          name: 'stack',
          // The example business once more, on the production engines; where one is missing, stack.spec.ts says so.
          include: ['tests/stack/**/*.spec.ts', ...(missingPrograms().length > 0 ? [] : ['tests/e2e/orders.spec.ts'])],
          globalSetup: 'tests/stack/global-setup.ts',
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...shared,
        test: {
          name: 'compose',
          include: ['tests/compose/**/*.spec.ts'],
          globalSetup: 'tests/compose/global-setup.ts',
          testTimeout: 60_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          // After all others: it builds images and runs every engine once more.
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
