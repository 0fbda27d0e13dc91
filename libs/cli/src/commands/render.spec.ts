import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '@rookery/servers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../program.ts';

const nginx = findProgram('nginx', '/usr/sbin/nginx');
const keepalived = findProgram('keepalived', '/usr/sbin/keepalived');

let folder: string;
let out: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rookery-render-spec-'));
  out = join(folder, 'out.conf');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const rookery = (words: string[], instances = 'catalog=10.0.0.1:3000+4000,orders=10.0.0.2:3000') =>
  main(['node', 'rookery', 'render', ...words], { DISCOVERY_URL: `static:${instances}` }, folder);
const written = () => readFileSync(out, 'utf8');

describe('rookery render', () => {
  it('writes a file when it changed, and only then makes the server read it', async () => {
    const words = ['nginx', '--out', out, '--reload', `echo read >>${folder}/reloads`];
    const reloads = () => readFileSync(join(folder, 'reloads'), 'utf8').trim().split('\n').length;
    expect(await rookery(words)).toBe(0);
    expect(await rookery(words)).toBe(0);
    expect(reloads()).toBe(1);
    expect(await rookery(words, 'catalog=10.0.0.9:3000')).toBe(0);
    expect(reloads()).toBe(2);
    expect(written()).toContain('server 10.0.0.9:3000;');
    expect(readdirSync(folder).sort()).toEqual(['out.conf', 'reloads']);
  });

  it('leaves what is there when the check says no, and says why', async () => {
    writeFileSync(out, 'old');
    expect(
      await rookery(['nginx', '--out', out, '--check', 'cat "$FILE" >&2; false', '--reload', `touch ${folder}/no`]),
    ).toBe(1);
    expect(written()).toBe('old');
    expect(readdirSync(folder)).toEqual(['out.conf']);
  });

  it('renders services that are named, also those that nobody runs', async () => {
    expect(await rookery(['nginx', '--service', 'orders,reviews', '--out', out])).toBe(0);
    expect(written().match(/upstream \S+/g)).toEqual(['upstream orders', 'upstream reviews']);
  });

  it.each([
    [['nginx', '--watch']],
    [['nginx', '--service', 'a;b']],
    [['nginx', '--keepalive', 'many']],
    [['keepalived']],
    [['keepalived', '--virtual', 'catalog']],
    [['keepalived', '--virtual', 'catalog=10.0.0.1:80', '--kind', 'MAGIC']],
    [['keepalived', '--virtual', 'catalog=10.0.0.1:80', '--path', '/x; }']],
  ])('%j is a mistake', async (words) => {
    expect(await rookery(words)).toBe(2);
  });

  it.skipIf(!nginx)('writes what a real nginx takes, and nothing that it refuses', async () => {
    const check = ['--check', `${nginx} -t -q -c "$FILE"`];
    expect(await rookery(['nginx', '--out', out, ...check])).toBe(0);
    const before = written();
    // The addresses of a group must be known to nginx when it starts.
    expect(await rookery(['nginx', '--out', out, ...check], 'catalog=nobody.invalid:3000')).toBe(1);
    expect(written()).toBe(before);
  });

  it.skipIf(!keepalived)('writes what a real keepalived takes', async () => {
    const words = ['keepalived', '--out', out, '--check', `${keepalived} -t -f "$FILE"`];
    const virtual = ['--virtual', 'catalog=10.0.0.100:80,orders=[fd00::100]:81', '--path', '/health/ready'];
    const instances = 'catalog=10.0.0.1:3000,catalog=10.0.0.2:3000,orders=[fd00::2]:3000';
    expect(await rookery([...words, ...virtual, '--scheduler', 'wrr'], instances)).toBe(0);
    expect(written().match(/real_server \S+ \d+/g)).toEqual([
      'real_server 10.0.0.1 3000',
      'real_server 10.0.0.2 3000',
      'real_server fd00::2 3000',
    ]);
    const direct = ['--virtual', 'catalog=10.0.0.100:3000', '--kind', 'DR'];
    expect(await rookery([...words, ...direct], 'catalog=10.0.0.1:3000,catalog=10.0.0.2:3001')).toBe(0);
    expect(written().match(/real_server \S+ \d+/g)).toEqual(['real_server 10.0.0.1 3000']);
    expect(await rookery([...words, '--virtual', 'catalog=999.0.0.1:80'])).toBe(1);
  });
});
