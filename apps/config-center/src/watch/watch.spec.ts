import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfigSource, createConfig, openConfigSource, type Snapshot } from '@rookery/config';
import { startOwnPostgres } from '@rookery/servers';
import type { RunningService } from '@rookery/service';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { call, newKey, startReplica } from '../testing/centre.ts';
import { startWire } from '../testing/wire.ts';

const postgres = await startOwnPostgres();
const home = await mkdtemp(join(tmpdir(), 'rookery-watch-'));
afterAll(async () => {
  await postgres?.stop();
  await rm(home, { recursive: true });
});

/** A client reports within a random second. */
const REPORTED = { timeout: 5_000 };
const schema = z.object({ step: z.number().default(0) });

describe.skipIf(!postgres)('two replicas of the configuration centre', () => {
  let a: RunningService;
  let b: RunningService;
  const opened: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    process.env.DATABASE_URL = await postgres?.createDatabase('config');
    process.env.WATCH_HEARTBEAT_MS = '300';
    [a, b] = await Promise.all([startReplica(), startReplica()]);
  }, 30_000);
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
  });
  afterAll(async () => {
    await Promise.all([a?.close(), b?.close()]);
  });

  const serviceOf = (key: string) => key.split('/').at(-1) ?? '';
  async function source(url: string, key: string): Promise<ConfigSource> {
    const made = await openConfigSource({ url, service: serviceOf(key), instance: `i-${opened.length}`, home });
    opened.push(made);
    return made;
  }
  async function follow(url: string, key: string) {
    const place = await source(url, key);
    await place.load();
    const seen: Snapshot[] = [];
    place.watch?.((snapshot) => seen.push(snapshot));
    return seen;
  }
  const portOf = (replica: RunningService) => Number(new URL(replica.urls.http).port);
  const last = (seen: readonly Snapshot[]) => seen.at(-1)?.settings.step;

  it('push to a watcher of B what is published on A within 500 ms', async () => {
    const key = newKey();
    const seen = await follow(b.urls.http, key);
    const tookMs: number[] = [];
    for (let step = 1; step <= 10; step += 1) {
      const startedAtMs = performance.now();
      await call(a.urls.http + key, 'PUT', { step });
      await expect.poll(() => last(seen), { interval: 5, timeout: 10_000 }).toBe(step);
      tookMs.push(performance.now() - startedAtMs);
    }
    // The middle one: any single one may wait for a busy machine.
    expect(tookMs.sort((x, y) => x - y)[5]).toBeLessThan(500);
  });

  it('push to 600 watchers behind a balancer, also when one replica dies', { timeout: 240_000 }, async () => {
    const key = newKey();
    process.env.WATCH_HEARTBEAT_MS = '5000';
    const [one, two] = await Promise.all([startReplica(), startReplica()]);
    process.env.WATCH_HEARTBEAT_MS = '300';
    opened.push(one, two);
    const balancer = await startWire(portOf(one), portOf(two));
    const all: Snapshot[][] = [];
    while (all.length < 600) {
      all.push(...(await Promise.all(Array.from({ length: 60 }, () => follow(balancer.url, key)))));
    }
    const at = (step: number) => all.filter((seen) => last(seen) === step).length;
    await call(one.urls.http + key, 'PUT', { step: 1 });
    await expect.poll(() => at(1), { timeout: 60_000 }).toBe(600);
    balancer.leaveOut(portOf(one));
    await call(two.urls.http + key, 'PUT', { step: 2 });
    await expect.poll(() => at(2), { timeout: 60_000 }).toBe(600);
    await call(two.urls.http + key, 'PUT', { step: 3 });
    await expect.poll(() => at(3), { timeout: 60_000 }).toBe(600);
    for (const seen of all) {
      const versions = seen.map(({ version }) => version);
      expect(versions).toEqual([...versions].sort((before, after) => before - after));
    }
    await balancer.close();
  });

  it('deliver the next release after Postgres restarted, and those that came in between', {
    timeout: 60_000,
  }, async () => {
    const key = newKey();
    const seen = await follow(b.urls.http, key);
    await call(a.urls.http + key, 'PUT', { step: 1 });
    await expect.poll(() => last(seen), { timeout: 2_000 }).toBe(1);
    await postgres?.restart();
    const publish = () => call(a.urls.http + key, 'PUT', { step: 2 });
    await expect.poll(async () => (await publish()).status, { timeout: 20_000 }).toBe(200);
    await expect.poll(() => last(seen), { timeout: 20_000 }).toBe(2);
    await call(a.urls.http + key, 'PUT', { step: 3 });
    await expect.poll(() => last(seen), { timeout: 5_000 }).toBe(3);
  });

  it('answer 503 while Postgres is away, and the streams stay open', { timeout: 60_000 }, async () => {
    const key = newKey();
    const seen = await follow(b.urls.http, key);
    await postgres?.kill();
    expect(await call(a.urls.http + key, 'PUT', { step: 1 })).toMatchObject({ status: 503 });
    expect(await call(b.urls.http + newKey())).toMatchObject({ status: 503 });
    await postgres?.start();
    await expect
      .poll(async () => (await call(a.urls.http + key, 'PUT', { step: 2 })).status, { timeout: 20_000 })
      .toBe(200);
    await expect.poll(() => last(seen), { timeout: 20_000 }).toBe(2);
  });

  it('deliver the next release over a connection that went dead without a word', { timeout: 30_000 }, async () => {
    const key = newKey();
    const wire = await startWire(portOf(b));
    const seen = await follow(wire.url, key);
    await call(a.urls.http + key, 'PUT', { step: 1 });
    await expect.poll(() => last(seen), { timeout: 2_000 }).toBe(1);
    wire.swallow();
    await call(a.urls.http + key, 'PUT', { step: 2 });
    await expect.poll(() => last(seen), { timeout: 5_000 }).toBe(2);
    expect(seen.map(({ version }) => version)).toEqual([1, 2]);
    await wire.close();
  });

  it('end a stream whose instance has not reported for long', async () => {
    const key = newKey();
    process.env.WATCH_SILENT_INSTANCE_MS = '1000';
    const strict = await startReplica();
    delete process.env.WATCH_SILENT_INSTANCE_MS;
    opened.push(strict);
    const response = await fetch(`${strict.urls.http + key}/watch?instance=gone`);
    const text = await response.text();
    expect(text).toMatch(/^event: heartbeat\ndata: \{"version":0,"everyMs":300\}\n\n/);
  });

  it('catch up by Last-Event-ID and by after, with the newest of what was missed', async () => {
    const key = newKey();
    for (const step of [1, 2, 3]) await call(a.urls.http + key, 'PUT', { step });
    const firstEvent = async (query: string, headers: Record<string, string> = {}) => {
      const response = await fetch(`${b.urls.http + key}/watch${query}`, { headers });
      const reader = response.body?.getReader();
      const chunk = await reader?.read();
      await reader?.cancel();
      return new TextDecoder().decode(chunk?.value).split('\n\n')[0];
    };
    expect(await firstEvent('?after=1')).toMatch(
      /^event: release\nid: 3\ndata: \{"version":3,.*"settings":\{"step":3\}/,
    );
    expect(await firstEvent('', { 'last-event-id': '2' })).toMatch(/^event: release\nid: 3\n/);
    expect(await firstEvent('?after=3')).toMatch(/^event: heartbeat\n/);
  });

  it('put a release in force in a service within a second, and show which instance refused one and why', async () => {
    const key = newKey();
    const config = await createConfig({ schema, sources: [await source(b.urls.http, key)] });
    opened.push(config);
    const startedAtMs = performance.now();
    await call(a.urls.http + key, 'PUT', { step: 7 });
    await expect.poll(() => config.value.step, { interval: 5 }).toBe(7);
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
    await call(a.urls.http + key, 'PUT', { step: 'eight', note: 'hunter2' });
    const instances = async () => (await call(`${a.urls.http + key}/instances`)).body;
    await expect.poll(instances, REPORTED).toMatchObject({
      currentVersion: 2,
      items: [
        {
          instance: 'i-0',
          alive: true,
          appliedVersion: 1,
          refused: { version: 2, reason: 'step: expected number, received text' },
        },
      ],
    });
    expect(config.value.step).toBe(7);
    await call(a.urls.http + key, 'PUT', { step: 9 });
    await expect.poll(instances, REPORTED).toMatchObject({ items: [{ appliedVersion: 3, refused: null }] });
  });

  it('let a service start from its copy on disk while both are down, and reach it once they are back', {
    timeout: 30_000,
  }, async () => {
    const key = newKey();
    const port = portOf(a);
    await call(a.urls.http + key, 'PUT', { step: 4 });
    const first = await createConfig({ schema, sources: [await source(a.urls.http, key)] });
    await expect.poll(async () => (await (await source(a.urls.http, key)).lastApplied?.())?.version, REPORTED).toBe(1);
    await first.close();
    await a.close();
    const events: string[] = [];
    const logger = { info: () => {}, warn: (_fields: object, event?: string) => events.push(event ?? '') };
    const config = await createConfig({ schema, sources: [await source(a.urls.http, key)], logger: logger as never });
    opened.push(config);
    expect(config.value.step).toBe(4);
    expect(events).toContain('settings.started_from_disk');
    await call(b.urls.http + key, 'PUT', { step: 5 });
    a = await startReplica(port);
    await expect.poll(() => config.value.step, { timeout: 10_000 }).toBe(5);
  });

  it('end their streams on the way down instead of waiting for them', async () => {
    const key = newKey();
    const response = await fetch(`${a.urls.http + key}/watch`);
    const startedAtMs = performance.now();
    const [text] = await Promise.all([response.text().finally(() => performance.mark('ended')), a.close()]);
    expect(performance.getEntriesByName('ended')[0]?.startTime).toBeLessThan(startedAtMs + 2_000);
    expect(text).toMatch(/^event: heartbeat/);
  });
});
