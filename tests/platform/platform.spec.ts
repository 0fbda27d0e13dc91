import { existsSync } from 'node:fs';
import { leftovers } from '@rookery/cli/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type StartedPlatform, startPlatform } from './platform.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe('a platform for suites', () => {
  let platform: StartedPlatform;

  beforeAll(async () => {
    platform = await startPlatform({ only: ['gateway', 'catalog'], scale: { catalog: 2 } });
  });
  afterAll(() => platform?.stop());

  const films = async () => (await fetch(`${platform.gatewayUrl}/api/catalog/films?page=1`)).status;

  test('has every instance under its own address, and the films behind the gateway', async () => {
    expect(new Set([...platform.urls('catalog'), ...platform.urls('gateway')]).size).toBe(3);
    expect(await films()).toBe(200);
    expect(await platform.query('catalog', 'SELECT count(*)::int AS films FROM films')).toEqual([{ films: 3201 }]);
    expect(platform.logs('catalog').length).toBeGreaterThan(0);
  });

  test('a killed instance comes back under another process id', async () => {
    const [victim] = platform.pids('catalog');
    await platform.kill('catalog');
    await platform.instances('catalog', 2);
    expect(platform.pids('catalog')).not.toContain(victim);
    expect(platform.logs('rookery').map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^catalog 1 crashed \(SIGKILL\)/),
    );
  });

  test('an app is away while it is suspended, and new after a restart', async () => {
    await platform.suspend('catalog');
    expect(platform.pids('catalog')).toEqual([]);
    await platform.resume('catalog');
    expect(platform.pids('catalog')).toHaveLength(2);
    const before = platform.pids('catalog');
    await platform.restart('catalog');
    expect(platform.pids('catalog').filter((pid) => before.includes(pid))).toEqual([]);
  });

  test('a held table makes its users wait until it is released', async () => {
    const held = await platform.lockTable('catalog', 'films');
    const answer = films();
    await held.waiters(1);
    await held.release();
    expect(await answer).toBe(200);
  });

  test('a killed Postgres comes back with its data', async () => {
    const [victim] = platform.pids('postgres');
    await platform.killPostgres();
    await platform.instances('postgres', 1);
    expect(platform.pids('postgres')).not.toEqual([victim]);
    await expect.poll(films, { timeout: 30_000 }).toBe(200);
  });

  test('nothing is left once it is stopped', async () => {
    await platform.stop();
    expect(leftovers(platform.home)).toEqual([]);
    expect(existsSync(platform.home)).toBe(false);
  });
});

test('kill -9 of the command itself leaves no process of the real services', async () => {
  const platform = await startPlatform({ only: ['gateway', 'catalog'] });
  expect(leftovers(platform.home).length).toBeGreaterThan(5);
  process.kill(platform.pid, 'SIGKILL');
  await expect.poll(() => leftovers(platform.home), { timeout: 20_000 }).toEqual([]);
  await platform.stop();
});
