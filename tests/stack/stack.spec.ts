import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isAlive } from '@rookery/cli';
import { missingPrograms, stack } from '@rookery/stack';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { call, eventually } from '../e2e/client.ts';
import { Shop } from '../e2e/shop.ts';
import { Platform } from '../platform/platform.ts';

const missing = missingPrograms().map(({ name }) => name);
const DASHBOARD = resolve(import.meta.dirname, '../../deploy/compose/grafana/dashboards/services.json');

describe.skipIf(missing.length > 0)(`npm run stack (needs ${missing.join(', ') || 'nothing more'})`, () => {
  const home = inject('platformHome');
  const platform = new Platform(home);
  const shop = new Shop(platform);

  beforeAll(async () => {
    const filmId = await shop.someFilmId();
    const { body } = await shop.order(filmId);
    await shop.fulfilled(body.id);
  });
  afterAll(() => platform.release());

  test('the embedded registry, broker and database do not run', () => {
    const names = platform.services.map(({ name }) => name).sort();
    expect(names).toEqual(stack.apps.map(({ name }) => name).sort());
  });

  test('each app runs with the variables of the description', () => {
    for (const app of stack.apps) {
      const [pid] = platform.pids(app.name);
      if (pid === undefined || !isAlive(pid)) throw new Error(`${app.name} does not run`);
      const variables = environmentOf(pid);
      if (app.needs.includes('consul')) expect(variables.DISCOVERY_URL).toMatch(/^consul:\/\/127\.0\.0\.1:\d+$/);
      if (app.needs.includes('rabbitmq'))
        expect(variables.MESSAGING_URL).toMatch(/^amqp:\/\/rookery:\w+@127\.0\.0\.1:/);
      if (app.needs.includes('postgres')) expect(new URL(variables.DATABASE_URL ?? '').pathname).toBe(`/${app.name}`);
      if (app.needs.includes('redis')) expect(variables.CACHE_URL).toMatch(/^redis:\/\/default:\w+@127\.0\.0\.1:\d+$/);
      if (app.needs.includes('config-center')) expect(variables.CONFIG_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    }
  });

  test('Consul knows every service and finds it well', async () => {
    const [pid] = platform.pids('gateway');
    const consul = environmentOf(pid ?? 0).DISCOVERY_URL?.replace('consul:', 'http:');
    for (const { name } of stack.apps) {
      const { body } = await call(`${consul}/v1/health/service/${name}?passing`);
      expect(body, name).toHaveLength(1);
    }
  });

  test('a price that is changed through nginx is on the page that nginx makes from Redis', async () => {
    const nginx = engineUrl(home, 'nginx');
    const page = async () => fetch(`${nginx}/pages/en/films/film-0007`);
    expect((await page()).headers.get('x-page-from')).toMatch(/^(memory|redis|service)$/);
    const changed = await fetch(`${nginx}/api/catalog/films/film-0007`, {
      method: 'PATCH',
      body: JSON.stringify({ priceCents: 77_07 }),
      headers: { 'content-type': 'application/json', ...(await shop.authorization()) },
    });
    expect(changed.status).toBe(200);
    await expect.poll(async () => (await page()).text(), { timeout: 1_000, interval: 20 }).toContain('$77.07');
  });

  const prometheus = stack.engines.find(({ name }) => name === 'prometheus')?.native?.program();
  test.skipIf(!prometheus)(
    'every panel of the dashboard shows what Prometheus has scraped (needs prometheus)',
    async () => {
      const url = engineUrl(home, 'prometheus');
      const instances = () => call(`${url}/api/v1/query?query=${encodeURIComponent('up == 1')}`);
      await eventually('all are scraped', async () =>
        (await instances()).body.data.result.length === stack.apps.length ? true : undefined,
      );
      for (const { title, targets } of panels()) {
        for (const { expr } of targets) {
          await eventually(`${title}: ${expr}`, async () => {
            const { body } = await call(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
            if (body.status !== 'success') throw new Error(body.error);
            return body.data.result.length > 0 ? true : undefined;
          });
        }
      }
    },
  );
});

/** Queries of the dashboard as Grafana sends them. */
function panels(): { title: string; targets: { expr: string }[] }[] {
  const text = readFileSync(DASHBOARD, 'utf8').replaceAll('$__rate_interval', '1m').replaceAll('$service', '.*');
  return JSON.parse(text).panels;
}

function engineUrl(home: string, name: string): string {
  const lines = readFileSync(join(home, 'transcript.jsonl'), 'utf8').trim().split('\n');
  const ready = lines.map((line) => JSON.parse(line)).find(({ engine }) => engine === name);
  return `http://${ready.address}`;
}

function environmentOf(pid: number): NodeJS.ProcessEnv {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}
