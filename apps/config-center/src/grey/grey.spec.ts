import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfigSource, openConfigSource, type SettingsTree } from '@rookery/config';
import { startPostgres } from '@rookery/servers';
import type { RunningService } from '@rookery/service';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call, newKey, startReplica } from '../testing/centre.ts';

const postgres = await startPostgres();
const home = await mkdtemp(join(tmpdir(), 'rookery-grey-'));
afterAll(async () => {
  await postgres?.stop();
  await rm(home, { recursive: true });
});

describe.skipIf(!postgres)('a grey release', () => {
  let a: RunningService;
  let b: RunningService;
  const opened: ConfigSource[] = [];
  beforeAll(async () => {
    process.env.DATABASE_URL = await postgres?.createDatabase('config');
    process.env.WATCH_HEARTBEAT_MS = '300';
    [a, b] = await Promise.all([startReplica(), startReplica()]);
    delete process.env.WATCH_HEARTBEAT_MS;
  }, 30_000);
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((source) => source.close()));
  });
  afterAll(async () => {
    await Promise.all([a?.close(), b?.close()]);
  });

  const put = (key: string, body: unknown) => call(a.urls.http + key, 'PUT', body);
  const post = (key: string, body: unknown = {}) => call(a.urls.http + key, 'POST', body);

  /** An instance of the service on the other replica; answers what it has, newest last. */
  async function instance(key: string, id: string, labels = ''): Promise<SettingsTree[]> {
    const service = key.split('/').at(-1) ?? '';
    const source = await openConfigSource({ url: b.urls.http, service, instance: id, labels, home });
    opened.push(source);
    const seen = [(await source.load()).settings];
    source.watch?.(({ settings }) => seen.push(settings));
    return seen;
  }
  const last = (seen: readonly SettingsTree[], expected: object) =>
    expect.poll(() => seen.at(-1), { timeout: 3_000 }).toEqual(expected);

  it('reaches instances by label and by name, the others keep what they have, and it may remove a key', async () => {
    const key = newKey();
    await put(key, { step: 1, old: true });
    const plain = await instance(key, 'plain');
    const canary = await instance(key, 'pod-x7f', 'zone=a,canary=yes');
    const named = await instance(key, 'orders-1');
    const grey = await put(`${key}/grey`, {
      settings: { step: 2 },
      rule: { labels: { canary: 'yes' }, instances: ['orders-1'] },
    });
    expect(grey).toMatchObject({ status: 200, body: { version: 2, grey: true, author: 'ada' } });
    await last(canary, { step: 2 });
    await last(named, { step: 2 });
    expect((await call(b.urls.http + key)).body).toMatchObject({ version: 1, settings: { step: 1, old: true } });
    expect((await instance(key, 'late', 'canary=yes')).at(-1)).toEqual({ step: 2 });
    expect(plain).toEqual([{ step: 1, old: true }]);
  });

  it('is promoted to all', async () => {
    const key = newKey();
    await put(key, { step: 1 });
    const [plain, canary] = [await instance(key, 'plain'), await instance(key, 'canary')];
    await put(`${key}/grey`, { settings: { step: 2 }, rule: { instances: ['canary'] } });
    await last(canary, { step: 2 });
    expect(await post(`${key}/grey/promote`)).toMatchObject({
      body: { version: 3, grey: false, settings: { step: 2 } },
    });
    await last(plain, { step: 2 });
    await last(canary, { step: 2 });
    expect(await call(`${a.urls.http}${key}/grey`)).toMatchObject({ status: 404 });
  });

  it('is abandoned, and those who had it go back', async () => {
    const key = newKey();
    await put(key, { step: 1 });
    const canary = await instance(key, 'canary');
    await put(`${key}/grey`, { settings: { step: 2 }, rule: { instances: ['canary'] } });
    await last(canary, { step: 2 });
    await post(`${key}/grey/abandon`, { comment: 'too slow' });
    await last(canary, { step: 1 });
    expect((await call(`${a.urls.http}${key}/history?limit=1`)).body).toMatchObject({
      items: [{ comment: 'too slow' }],
    });
  });

  it('is replaced by another: who is no longer meant goes back, who is gets the new one', async () => {
    const key = newKey();
    await put(key, { step: 1 });
    const [one, two] = [await instance(key, 'one'), await instance(key, 'two')];
    await put(`${key}/grey`, { settings: { step: 2 }, rule: { instances: ['one'] } });
    await last(one, { step: 2 });
    await put(`${key}/grey`, { settings: { step: 3 }, rule: { instances: ['two'] } });
    await last(one, { step: 1 });
    await last(two, { step: 3 });
  });

  it('is the only change of its key until it is promoted or abandoned, and needs a release below it', async () => {
    const key = newKey();
    const grey = { settings: { step: 2 }, rule: { percentage: 100 } };
    expect(await put(`${key}/grey`, grey)).toMatchObject({ status: 409, body: { code: 'CONFIG_GREY_NEEDS_RELEASE' } });
    await put(key, { step: 1 });
    await put(`${key}/grey`, grey);
    expect(await put(key, { step: 9 })).toMatchObject({
      status: 409,
      body: { code: 'CONFIG_GREY_ACTIVE', version: 2 },
    });
    expect(await post(`${key}/rollback`, { version: 1 })).toMatchObject({ status: 409 });
    expect(await put(`${key}/grey`, { settings: {}, rule: {} })).toMatchObject({ status: 400 });
  });

  it("reaches Apollo's clients by address and label, and Nacos' by address", async () => {
    const key = newKey();
    const name = key.split('/').at(-1);
    await put(key, { step: 1 });
    await put(`${key}/grey`, { settings: { step: 2 }, rule: { instances: ['10.0.0.7'], labels: { label: 'canary' } } });
    const apollo = async (query: string) => {
      const response = await fetch(`${b.urls.http}/configs/${name}/default/application${query}`);
      return ((await response.json()) as { configurations: { step: string } }).configurations.step;
    };
    expect(await apollo('?ip=10.0.0.8')).toBe('1');
    expect(await apollo('?ip=10.0.0.7')).toBe('2');
    expect(await apollo('?ip=10.0.0.8&label=canary')).toBe('2');
    await put(`${key}/grey`, { settings: { step: 3 }, rule: { instances: ['127.0.0.1'] } });
    const nacos = await fetch(`${b.urls.http}/nacos/v1/cs/configs?dataId=${name}.json&group=DEFAULT_GROUP`);
    expect(await nacos.json()).toEqual({ step: 3 });
  });
});
