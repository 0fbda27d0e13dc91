import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRegistry } from '@rookery/discovery';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepRendered } from './keep-rendered.ts';
import { nginxUpstreams } from './nginx.ts';

const WITHIN = { timeout: 10_000, interval: 20 };

let folder: string;
let stop: AbortController;
let told: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rookery-kept-'));
  stop = new AbortController();
  told = [];
});
afterEach(() => {
  stop.abort();
  rmSync(folder, { recursive: true, force: true });
});

const file = () => join(folder, 'out.conf');
const isThere = (name: string) => existsSync(join(folder, name));

async function keep(instances: string, options: { check?: string; reload?: string }): Promise<void> {
  await keepRendered({
    registry: await createRegistry(`static:${instances}`),
    names: [],
    render: (services) => nginxUpstreams(services, { keepalive: 8 }),
    file: file(),
    everyMs: 100,
    signal: stop.signal,
    tell: (line) => told.push(line),
    ...options,
  });
}

it('a reload that fails is tried again until it works, and told once', async () => {
  const over = keep('orders=10.0.0.1:80', { reload: `test -e ${folder}/up && touch ${folder}/read` });
  await expect.poll(() => told.length, WITHIN).toBe(1);
  expect(told[0]).toContain('--reload');
  expect(readFileSync(file(), 'utf8')).toContain('server 10.0.0.1:80;');
  writeFileSync(join(folder, 'up'), '');
  await expect.poll(() => told.length, WITHIN).toBe(2);
  expect(told[1]).toBe(`${file()}: written and reloaded`);
  expect(isThere('read')).toBe(true);
  stop.abort();
  await over;
});

it.each(['check', 'reload'])('ends at once, with a --%s that hangs', async (purpose) => {
  const hanging = `echo $$ >${folder}/pid; sleep 60; touch ${folder}/no`;
  const over = keep('orders=10.0.0.1:80', { [purpose]: hanging });
  await expect.poll(() => isThere('pid') && readFileSync(join(folder, 'pid'), 'utf8'), WITHIN).toMatch(/\d\n/);
  stop.abort();
  await over;
  expect(isThere('no')).toBe(false);
  expect(() => process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 0)).toThrow('ESRCH');
  expect(told).toEqual([]);
});

it('does not empty what is there for a registry that shows nobody, and says so once', async () => {
  const before = nginxUpstreams(
    [{ name: 'orders', instances: await (await createRegistry('static:orders=10.0.0.1:80')).instances('orders') }],
    { keepalive: 8 },
  );
  writeFileSync(file(), before);
  const over = keep('', { reload: `touch ${folder}/read` });
  await expect.poll(() => told.length, WITHIN).toBe(1);
  expect(told[0]).toContain('shows no instance of any service');
  stop.abort();
  await over;
  expect(readFileSync(file(), 'utf8')).toBe(before);
  expect(isThere('read')).toBe(false);
});
