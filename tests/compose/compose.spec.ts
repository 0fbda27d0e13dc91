import { writeFileSync } from 'node:fs';
import { authClientsFile, DEV_CLIENT, writeSecrets, writeState } from '@rookery/cli';
import { stack } from '@rookery/stack';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { call, eventually } from '../e2e/client.ts';
import { Shop } from '../e2e/shop.ts';
import { ComposeStack, LEFT_OUT, missingEngines } from './compose-stack.ts';

const UP_MS = 240_000;
const home = inject('platformHome');
const missing = missingEngines();
const started = await ComposeStack.start();
afterAll(() => started?.stop());

if (started) {
  await describeAsPlatform(started);
  // The example business, as it is run on every other stack.
  await import('../e2e/orders.spec.ts');
}

const needs = missing.length > 0 ? missing.join(', ') : 'docker with compose, and as root dockerd';
describe.skipIf(!started)(`docker compose (needs ${started ? 'nothing more' : needs})`, () => {
  const compose = started as ComposeStack;
  const shop = new Shop({ gatewayUrl: compose?.gatewayUrl ?? '', home });
  const page = (path: string) => fetch(`${compose.nginxUrl}/pages${path}`);
  const change = async (filmId: string, priceCents: number) => {
    const { status } = await call(`${compose.nginxUrl}/api/catalog/films/${filmId}`, {
      method: 'PATCH',
      json: { priceCents },
      headers: await shop.authorization(),
    });
    expect(status).toBe(200);
  };

  test('every service runs, started after what it needs, and none was started twice', async () => {
    const containers = new Map((await compose.containers()).map((container) => [container.service, container]));
    expect([...containers.keys()].sort()).toEqual([...compose.services, 'databases'].sort());
    const sinceMs = (name: string) => Date.parse(containers.get(name)?.State.StartedAt ?? '');
    for (const { name, needs } of [...stack.engines, ...stack.apps]) {
      if (LEFT_OUT.includes(name)) continue;
      expect(containers.get(name)?.RestartCount, name).toBe(0);
      for (const need of needs ?? []) expect(sinceMs(name), `${name} after ${need}`).toBeGreaterThan(sinceMs(need));
    }
  });

  test('nobody is root; apps have no capability and a file system to read only; memory and processes are bounded', async () => {
    for (const { service, Config, HostConfig, State } of await compose.containers()) {
      expect(Config.User, service).not.toMatch(/^(root|0)?(:|$)/);
      expect(HostConfig.Memory, service).toBeGreaterThan(0);
      expect(State.OOMKilled, service).toBe(false);
      if (!stack.apps.some(({ name }) => name === service)) continue;
      expect(HostConfig, service).toMatchObject({ ReadonlyRootfs: true, CapDrop: ['ALL'], PidsLimit: 1024 });
    }
  });

  test('scheme 2: a changed price is on the page that nginx makes from Redis within a second', {
    retry: 2,
  }, async () => {
    expect((await page('/en/films/film-0011')).status).toBe(200);
    await change('film-0011', 41_41);
    const text = async () => (await page('/en/films/film-0011')).text();
    await expect.poll(text, { timeout: 1_000, interval: 20 }).toContain('$41.41');
    expect((await page('/en/films/film-0011')).headers.get('x-page-from')).toMatch(/^(memory|redis)$/);
  });

  test('Prometheus finds every instance by its name', async () => {
    const query = `${compose.prometheusUrl}/api/v1/query?query=${encodeURIComponent('up == 1')}`;
    const services = await eventually(
      'all are scraped',
      async () => {
        const { body } = await call(query);
        const names: string[] = body.data.result.map(({ metric }: { metric: { service: string } }) => metric.service);
        return names.length === stack.apps.length ? names : undefined;
      },
      45_000,
    );
    expect(services.sort()).toEqual(stack.apps.map(({ name }) => name).sort());
  });

  test(
    'scheme 1: pages rendered ahead are files that nginx serves; it finds the pages service at its new address',
    async () => {
      await compose.up({ PAGES_AHEAD: 'true' });
      await eventually('nginx asks the new instance', async () =>
        (await page('/en/films/film-9999')).status === 404 ? true : undefined,
      );
      await compose.up({ PAGES_AHEAD: 'true', PAGES_SCHEME: 'files' });
      const file = async () => {
        const answer = await page('/zh/films/film-0012');
        return answer.headers.get('etag') ? answer.text() : undefined;
      };
      await eventually('the page is a file', file, 60_000);
      await change('film-0012', 52_52);
      await eventually('the file is new', async () => ((await file())?.includes('$52.52') ? true : undefined));
    },
    UP_MS,
  );

  test(
    'asked to stop, everything ends by itself with 0; started again, it has what it had',
    async () => {
      const placed = await shop.order(await shop.someFilmId());
      await shop.fulfilled(placed.body.id);
      await compose.compose(['stop']);
      for (const { service, State } of await compose.containers()) {
        expect({ service, ...State }).toMatchObject({ service, Status: 'exited', ExitCode: 0 });
      }
      await compose.up();
      // Tokens are signed anew or as before: either way the next one is good.
      const again = await shop.fulfilled(placed.body.id);
      expect(again.body).toMatchObject({ id: placed.body.id, status: 'fulfilled' });
    },
    UP_MS,
  );

  test.skip.each(LEFT_OUT)('%s runs too (cannot: no-debian-package)', () => {});
});

/** Writes what `npm start` writes, so that the suites of tests/e2e find the stack. */
async function describeAsPlatform(compose: ComposeStack): Promise<void> {
  const { POSTGRES_PASSWORD, AUTH_CLIENT_SECRET } = compose.secrets;
  const postgres = (await compose.containers()).find(({ service }) => service === 'postgres');
  const url = `postgres://rookery:${POSTGRES_PASSWORD}@${postgres?.address}:5432/fulfilment`;
  writeSecrets(home, { FULFILMENT_DATABASE_URL: url });
  const variables = { GATEWAY_URL: compose.gatewayUrl };
  writeState(home, { pid: process.pid, phase: 'ready', startedAt: new Date().toISOString(), services: [], variables });
  const client = { id: DEV_CLIENT, name: 'compose', secret: AUTH_CLIENT_SECRET, permissions: ['*'] };
  writeFileSync(authClientsFile(home), JSON.stringify([client]), { mode: 0o600 });
}
