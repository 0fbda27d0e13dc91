import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '@rookery/servers';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { readGitSources } from './git-source.ts';
import { runGit } from './run-git.ts';

const home = mkdtempSync(join(tmpdir(), 'rookery-run-git-'));
afterAll(() => rmSync(home, { recursive: true }));

describe.skipIf(!findProgram('git'))('the program git', () => {
  it('is ended at its deadline, and when the centre stops', async () => {
    const fifo = join(home, 'never');
    execFileSync('mkfifo', [fifo]);
    const run = (deadlineMs: number, signal?: AbortSignal) =>
      runGit(['hash-object', '--', fifo], { deadlineMs, mostBytes: 100, ...(signal && { signal }) });
    await expect(run(200)).rejects.toThrow(/git hash-object took longer than 0\.2 s/);
    const stop = new AbortController();
    const running = run(60_000, stop.signal);
    stop.abort();
    await expect(running).rejects.toThrow(/stopping/);
  });

  it('may say so much and no more, and its last words are told', async () => {
    const run = (args: string[], mostBytes = 1_000) => runGit(args, { deadlineMs: 10_000, mostBytes });
    expect((await run(['version'])).toString()).toMatch(/^git version/);
    await expect(run(['version'], 3)).rejects.toThrow(/more than 3 bytes/);
    await expect(run(['-C', join(home, 'none'), 'status'])).rejects.toThrow(/cannot be used: .*none/);
  });

  it('knows the protocols that were meant, and runs no other program', async () => {
    const marker = join(home, 'ran');
    const args = ['ls-remote', '--', `ext::sh -c "touch ${marker}"`];
    await expect(runGit(args, { deadlineMs: 10_000, mostBytes: 1_000 })).rejects.toThrow(/not allowed/);
  });
});

describe('CONFIG_GIT', () => {
  afterEach(() => {
    delete process.env.CONFIG_GIT;
  });
  const read = (text: string) => {
    process.env.CONFIG_GIT = text;
    return [...readGitSources().byEnvironment.values()];
  };

  it('names repositories by environment', () => {
    expect(
      read(
        'default=https://ada:p%40ss@git.example/s.git?labels=release/*,v1&search=,apps/{application}/&poll=5 eu=file:///srv/s.git',
      ),
    ).toEqual([
      {
        environment: 'default',
        url: 'https://git.example/s.git',
        credentials: 'ada:p@ss',
        labels: ['release/*', 'v1'],
        search: ['', 'apps/{application}'],
        pollMs: 5_000,
      },
      { environment: 'eu', url: 'file:///srv/s.git', credentials: undefined, labels: [], search: [''], pollMs: 60_000 },
    ]);
    expect(read('')).toEqual([]);
  });

  it.each([
    'https://git.example/s.git',
    'default=git@host:s.git',
    'default=ext::sh',
    'a/b=file:///x',
    'default=file:///x?poll=0',
  ])('is refused as %s', (text) => {
    expect(() => read(text)).toThrow(/CONFIG_GIT must be/);
  });
});
