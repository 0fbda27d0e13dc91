import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../program.ts';

const SOURCE = 'static:catalog=10.0.0.1:3000+4000,orders=10.0.0.2:3000';
/** Nobody listens there. */
const AWAY = 'consul://127.0.0.1:1';

let said: { stdout: string; stderr: string };
beforeEach(() => {
  said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += String(text);
      return true;
    });
});
afterEach(() => vi.restoreAllMocks());

const rookery = (words: string[], environment: NodeJS.ProcessEnv = {}) =>
  main(['node', 'rookery', 'sync', ...words], environment);

describe('rookery sync', () => {
  it.each([
    [[], '--from <url> --to <url>'],
    [['--from', SOURCE, '--to', SOURCE], 'are the same registry'],
    [['--from', AWAY, '--to', SOURCE], 'cannot be a target'],
    [['--from', SOURCE, '--to', AWAY, '--both'], 'cannot be a target'],
    [['--from', 'ftp://host', '--to', AWAY], '--from is "ftp://host"'],
    [['--from', SOURCE, '--to', 'etcd://'], '--to is "etcd://"'],
    [['--from', SOURCE, '--to', AWAY, '--only', 'a b'], 'names like'],
    [['--from', SOURCE, '--to', AWAY, '--lease', 'long'], 'a time like'],
    [['--from', SOURCE, '--to', AWAY, '--lease', '1ms'], 'a time like'],
  ])('%j is a mistake', async (words, sentence) => {
    expect(await rookery(words)).toBe(2);
    expect(said.stderr).toContain(sentence);
  });

  it('says in a sentence that a registry is away, without its secrets', async () => {
    const words = ['--from', SOURCE, '--to', `${AWAY}?token=owl`, '--dry-run'];
    expect(await rookery(words)).toBe(1);
    expect(said.stderr).toMatch(/^The registry at 127\.0\.0\.1:1 does not answer: [^\n]+\n$/);
    expect(said.stderr).not.toContain('owl');
  });

  it('takes its registries from variables, which other users of the machine do not see', async () => {
    expect(await rookery(['--dry-run'], { SYNC_FROM: SOURCE, SYNC_TO: AWAY })).toBe(1);
  });

  it('explains itself with examples', async () => {
    expect(await rookery(['--help'])).toBe(0);
    expect(said.stdout).toContain('Examples:\n  rookery sync --from eureka+http://');
    expect(said.stdout).toContain('(default: 60s)');
  });
});
