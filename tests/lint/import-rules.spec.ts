import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const WORKSPACE = resolve(import.meta.dirname, '../..');
const DEPCRUISE = join(WORKSPACE, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');

const trees: string[] = [];
afterAll(() => {
  for (const tree of trees) rmSync(tree, { recursive: true, force: true });
});

/** A workspace of these files that has this one's import rules, where `@fixture/<folder>` is a project. */
function workspace(files: Record<string, string>): string {
  const tree = mkdtempSync(join(tmpdir(), 'rookery-import-rules-'));
  trees.push(tree);
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  };
  copyFileSync(join(WORKSPACE, '.dependency-cruiser.js'), join(tree, '.dependency-cruiser.js'));
  write('package.json', '{"name":"fixture","type":"module","private":true}');
  write('tests/empty.ts', '');
  write('node_modules/installed/package.json', '{"name":"installed","version":"1.0.0","type":"module"}');
  write('node_modules/installed/index.js', 'export {};');
  const projects = new Set(Object.keys(files).map((path) => path.split('/').slice(0, 2).join('/')));
  for (const project of projects) {
    const name = `@fixture/${project.split('/')[1]}`;
    const dependencies = Object.fromEntries(
      [...projects].map((other) => [`@fixture/${other.split('/')[1]}`, '1.0.0'] as const),
    );
    write(
      `${project}/package.json`,
      JSON.stringify({ name, type: 'module', exports: { '.': './src/index.ts' }, dependencies }),
    );
    write(`${project}/src/index.ts`, 'export {};');
    mkdirSync(join(tree, 'node_modules/@fixture'), { recursive: true });
    symlinkSync(join(tree, project), join(tree, 'node_modules', name), 'dir');
  }
  for (const [path, text] of Object.entries(files)) write(path, text);
  return tree;
}

/** Runs the lint's command; says whether it failed and what it said. */
function cruise(tree: string): { failed: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [DEPCRUISE, '--config', '.dependency-cruiser.js', 'apps', 'libs', 'tests'],
    { cwd: tree, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' } },
  );
  return { failed: status !== 0, output: stdout + stderr };
}

const FORBIDDEN = [
  ['no-app-imports-an-app', 'apps/orders/src/a.ts', "import '@fixture/catalog';"],
  ['no-app-imports-an-app', 'apps/orders/src/b.ts', "import '../../catalog/src/index.ts';"],
  ['no-lib-imports-an-app', 'libs/service/src/a.ts', "import '@fixture/catalog';"],
  ['no-lib-imports-an-app', 'libs/cli/src/a.ts', "import type {} from '@fixture/catalog';"],
  ['observability-is-the-ground', 'libs/observability/src/a.ts', "import '@fixture/config';"],
  ['discovery-stands-alone', 'libs/discovery/src/a.ts', "import '@fixture/config';"],
  ['messaging-stands-alone', 'libs/messaging/src/a.ts', "import '@fixture/rpc';"],
  ['nothing-but-apps-and-tests-imports-service', 'libs/config/src/a.ts', "import '@fixture/service';"],
  ['declared-dependencies-only', 'apps/catalog/src/a.ts', "import 'installed';"],
  ['resolvable', 'apps/catalog/src/b.ts', "import 'absent';"],
  ['no-circular', 'libs/resilience/src/a.ts', "import './b.ts';"],
] as const;

describe('the import rules', () => {
  it('let through the arrows of the architecture', () => {
    const { failed, output } = cruise(
      workspace({
        'apps/orders/src/main.ts': "import '@fixture/service'; import '@fixture/rpc';",
        'libs/service/src/a.ts': "import '@fixture/rpc'; import '@fixture/messaging'; import '@fixture/observability';",
        'libs/rpc/src/a.ts': "import '@fixture/discovery'; import '@fixture/resilience';",
        'libs/messaging/src/a.ts': "import '@fixture/database';",
        'libs/database/src/a.ts': "import '@fixture/observability';",
        'libs/discovery/src/a.ts': '',
        'libs/resilience/src/a.ts': '',
        'libs/observability/src/a.ts': "import 'node:fs';",
      }),
    );
    expect(output).not.toContain('error');
    expect(failed).toBe(false);
  });

  it('fail on each import against them, and name the rule and the file', () => {
    const { failed, output } = cruise(
      workspace({
        ...Object.fromEntries(FORBIDDEN.map(([, path, text]) => [path, text])),
        'libs/rpc/src/a.ts': '',
        'libs/resilience/src/b.ts': "import './a.ts';",
      }),
    );
    expect(failed).toBe(true);
    const violations = output.split('\n').filter((line) => line.includes('error '));
    for (const [rule, path] of FORBIDDEN) {
      expect(violations, `${rule} ${path}`).toContainEqual(
        expect.stringMatching(new RegExp(`error ${rule}: ${path.replaceAll('.', '\\.')}`)),
      );
    }
  });
});
