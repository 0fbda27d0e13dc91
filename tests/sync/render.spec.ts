import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRegistry } from '@rookery/discovery';
import type { OwnServer } from '@rookery/servers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEmbeddedRegistry } from './embedded-registry.ts';
import { RunningCommand } from './running-command.ts';

const WITHIN = { timeout: 40_000, interval: 25 };
const folder = mkdtempSync(join(tmpdir(), 'rookery-rendered-'));
const file = join(folder, 'upstreams.conf');

let embedded: OwnServer;
beforeAll(async () => {
  embedded = await startEmbeddedRegistry();
}, 60_000);
afterAll(async () => {
  await embedded?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const written = () => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};
const reloads = () => readdirSync(folder).filter((name) => name.startsWith('reload-')).length;

it('rookery render --watch keeps its file while the registry is away, and says why nothing comes', {
  timeout: 150_000,
}, async () => {
  const registry = await createRegistry(`${embedded.url}?wait=1s`);
  await embedded.kill();
  const reload = `touch "$(mktemp -u ${folder}/reload-XXXXXX)"`;
  const words = ['render', 'nginx', '--out', file, '--reload', reload, '--watch', '--every-ms', '100'];
  const start = () => new RunningCommand(words, { DISCOVERY_URL: `${embedded.url}?wait=1s` });
  const running = start();
  let next: RunningCommand | undefined;
  try {
    await expect
      .poll(() => running.says(`does not answer: connection refused. ${file} stays as it is.`), WITHIN)
      .toBe(true);
    await embedded.start();
    const instance = { id: 'orders-1', service: 'orders', address: '10.0.0.1', port: 3_000, weight: 1, metadata: {} };
    await expect.poll(() => registry.services().catch(() => undefined), WITHIN).toBeDefined();
    const lease = await registry.register(instance);
    await expect.poll(written, WITHIN).toContain('server 10.0.0.1:3000;');
    const before = written();

    await embedded.kill();
    const times = () => running.lines.filter((line) => line.includes('stays as it is.')).length;
    await expect.poll(times, WITHIN).toBeGreaterThan(1);
    expect(written()).toBe(before);
    await embedded.start();
    await lease.release();
    await registry.register({ ...instance, id: 'orders-2', port: 3_001 });
    await expect.poll(written, WITHIN).toContain('server 10.0.0.1:3001;');
    expect(await running.end()).toBe(0);

    // What is as it was is not read again, also by the next process.
    const last = written();
    const read = reloads();
    next = start();
    await registry.register({ ...instance, id: 'films-1', service: 'films', port: 3_002 });
    await expect.poll(written, WITHIN).toContain('server 10.0.0.1:3002;');
    expect(written()).toContain(last.slice(last.indexOf('upstream orders')));
    expect(reloads()).toBeLessThanOrEqual(read + 1);
    expect(await next.end()).toBe(0);
  } finally {
    await running.end('SIGKILL');
    await next?.end('SIGKILL');
    await registry.close();
  }
});
