import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000 });

const WORKSPACE = resolve(import.meta.dirname, '../..');

function nx(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(WORKSPACE, 'node_modules/nx/dist/bin/nx.js'), ...args],
    {
      cwd: WORKSPACE,
      encoding: 'utf8',
      env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', NO_COLOR: '1', FORCE_COLOR: '0' },
    },
  );
  if (status !== 0) throw new Error(`nx ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

test('nx affected names the projects that a changed file reaches, and no other', () => {
  const affected: string[] = JSON.parse(
    nx('show', 'projects', '--affected', '--files=libs/messaging/src/index.ts', '--json'),
  );
  expect(affected).toEqual(expect.arrayContaining(['@rookery/messaging', '@rookery/service', '@rookery-apps/orders']));
  expect(affected).not.toContain('@rookery/database');
  expect(affected).not.toContain('@rookery/discovery');
  const app: string[] = JSON.parse(nx('show', 'projects', '--affected', '--files=apps/orders/src/main.ts', '--json'));
  expect(app).toEqual(['@rookery-apps/orders']);
});

test('nx graph knows every project, its targets and what it imports', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rookery-graph-'));
  try {
    nx('graph', `--file=${join(folder, 'graph.json')}`);
    const { graph } = JSON.parse(readFileSync(join(folder, 'graph.json'), 'utf8'));
    const { targets } = graph.nodes['@rookery-apps/gateway'].data;
    expect(Object.keys(targets)).toEqual(expect.arrayContaining(['build', 'lint', 'test', 'typecheck']));
    const imported = graph.dependencies['@rookery/rpc'].map(({ target }: { target: string }) => target);
    expect(imported).toEqual(expect.arrayContaining(['@rookery/discovery', '@rookery/resilience']));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
