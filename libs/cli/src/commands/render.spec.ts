import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '@rookery/servers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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

  it('owes a reload that failed to the next run, though nothing is new then', async () => {
    const words = ['nginx', '--out', out, '--reload', `test -e ${folder}/up && echo read >>${folder}/reloads`];
    expect(await rookery(words)).toBe(1);
    expect(written()).toContain('upstream orders');
    writeFileSync(join(folder, 'up'), '');
    expect(await rookery(words)).toBe(0);
    expect(await rookery(words)).toBe(0);
    expect(readFileSync(join(folder, 'reloads'), 'utf8')).toBe('read\n');
    expect(readdirSync(folder).sort()).toEqual(['out.conf', 'reloads', 'up']);
  });

  it('does not wait for a server that the reload started', async () => {
    const pid = () => Number(readFileSync(join(folder, 'pid'), 'utf8'));
    expect(await rookery(['nginx', '--out', out, '--reload', `sleep 60 & echo $! >${folder}/pid`])).toBe(0);
    expect(process.kill(pid(), 'SIGKILL')).toBe(true);
  });

  it('a link stays one, and a file keeps its mode', async () => {
    const file = join(folder, 'elsewhere.conf');
    writeFileSync(file, 'old');
    chmodSync(file, 0o640);
    symlinkSync(file, out);
    expect(await rookery(['nginx', '--out', out])).toBe(0);
    expect(lstatSync(out).isSymbolicLink()).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readFileSync(file, 'utf8')).toContain('upstream orders');
  });

  it('a registry that shows nobody does not empty what is there', async () => {
    expect(await rookery(['nginx', '--out', out], '')).toBe(0);
    expect(written()).toMatch(/^# Written by [^\n]+\n$/);
    expect(await rookery(['nginx', '--service', 'orders', '--out', out], '')).toBe(0);
    expect(written()).toContain('server 127.0.0.1:9 down;');
    expect(await rookery(['nginx', '--out', out])).toBe(0);
    const before = written();
    expect(await rookery(['nginx', '--out', out], '')).toBe(1);
    expect(await rookery(['nginx', '--service', 'orders', '--out', out], '')).toBe(1);
    expect(written()).toBe(before);
  });

  it.each([
    ['ftp://owl:hoot@host', 2, 'DISCOVERY_URL is "ftp://…@host", whose scheme no driver serves'],
    ['etcd://owl:hoot@127.0.0.1:1', 1, 'The registry at 127.0.0.1:1 (DISCOVERY_URL) does not answer: '],
  ])('DISCOVERY_URL=%s ends in a sentence, and leaves what is there', async (url, code, sentence) => {
    writeFileSync(out, 'old');
    let said = '';
    const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said += String(text);
      return true;
    });
    expect(await main(['node', 'rookery', 'render', 'nginx', '--out', out], { DISCOVERY_URL: url }, folder)).toBe(code);
    stderr.mockRestore();
    expect(said).toContain(sentence);
    expect(said).not.toMatch(/hoot|\n +at /);
    expect(written()).toBe('old');
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
    [['keepalived', '--virtual', 'catalog=999.0.0.1:80']],
    [['keepalived', '--virtual', 'catalog=10.0.0.1:0']],
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

  it.skipIf(!nginx)('writes what a real nginx takes, also of what was registered oddly', async () => {
    const check = ['--check', `${nginx} -t -q -c "$FILE"`];
    const odd = [
      ...['Orders=10.0.0.1:1', 'orders=10.0.0.2:2', 'orders-grpc=10.0.0.3:3', 'orders=10.0.0.2:2+4'],
      ...['v6=[fd00::2]:80', 'v6=[fd00::2]:80', 'v6=[::ffff:10.0.0.1]:80', 'bad=10.0.0:80', 'bad=1.2.3.4.5:80'],
      ...['bad=a..b:80', 'bad=-a:80', 'bad=[:::]:80', 'bad=[1.2]:80', 'a_b.c-d=10.0.0.4:80'],
    ];
    expect(await rookery(['nginx', '--out', out, ...check], odd.join())).toBe(0);
    expect(written().match(/^(?:upstream \S+| {2}server .*|# \S+ is left out)/gm)).toEqual([
      ...['upstream Orders', '  server 10.0.0.1:1;', 'upstream a_b.c-d', '  server 10.0.0.4:80;'],
      ...['upstream bad', '  server 127.0.0.1:9 down;', 'upstream orders-grpc', '  server 10.0.0.3:3;'],
      ...['upstream v6', '  server [::ffff:10.0.0.1]:80;', '  server [fd00::2]:80;'],
      ...['# orders is left out', '# orders-grpc is left out'],
    ]);
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
    const twoVersions = ['--virtual', 'catalog=10.0.0.100:80,orders=[fd00::100]:81'];
    const mixed = 'catalog=10.0.0.1:3000,catalog=[fd00::1]:3000,orders=10.0.0.2:3000,orders=10.0.0.2:3000';
    expect(await rookery([...words, ...twoVersions], mixed)).toBe(0);
    expect(written().match(/real_server \S+ \d+/g)).toEqual(['real_server 10.0.0.1 3000']);
  });
});
