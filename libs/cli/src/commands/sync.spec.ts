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
    [['--from', `${AWAY}?token=a`, '--to', `${AWAY}/?token=b`], 'are the same registry'],
    [['--from', AWAY, '--to', SOURCE], 'cannot be a target'],
    [['--from', SOURCE, '--to', 'kubernetes://10.0.0.5:6443'], 'cannot be a target'],
    [['--from', SOURCE, '--to', 'dns://10.0.0.53?http=_http._tcp.{service}.internal'], 'cannot be a target'],
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

  it.each([
    'ftp://owl:hoot@host',
    'consl://host?token=hoot',
    'etcd://owl:ho/ot@host',
    'etcd://owl:hoot%@host',
    'eureka+http://owl:hoot@',
    'nacos://owl:hoot@host?accessToken=hoot',
    'kubernetes://host?token=hoot',
    'zookeeper://owl:hoot@host:99999',
  ])('a wrong URL is told without what is secret in it: %s', async (url) => {
    expect(await rookery(['--from', url, '--to', AWAY])).toBe(2);
    expect(said.stderr).toMatch(/^--from is "[a-z+]+:.+\.$/m);
    expect(said.stdout + said.stderr).not.toMatch(/ho\/?ot/);
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

  it('can run many times in a process', async () => {
    const listeners = () => process.stdout.listenerCount('error') + process.stderr.listenerCount('error');
    await rookery([]);
    const before = listeners();
    await rookery([]);
    expect(listeners()).toBe(before);
  });

  it('explains itself with examples', async () => {
    expect(await rookery(['--help'])).toBe(0);
    expect(said.stdout).toContain('Examples:\n  rookery sync --from eureka+http://');
    expect(said.stdout).toContain('(default: 60s)');
  });
});
