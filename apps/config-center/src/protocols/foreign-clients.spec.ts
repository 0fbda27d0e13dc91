import 'reflect-metadata';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@rookery/servers';
import type { RunningService } from '@rookery/service';
import { load } from 'cloud-config-client';
import apollo from 'ctrip-apollo';
import { DataClient } from 'nacos-config';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, issuer, newKey, startReplica } from '../testing/centre.ts';

const postgres = await startPostgres();
const cache = await mkdtemp(join(tmpdir(), 'rookery-nacos-'));
afterAll(async () => {
  await postgres?.stop();
  await rm(cache, { recursive: true });
});

/** What of npm nacos-config is used here; its own types ask for options that it does not need. */
interface NacosClient {
  getConfig(dataId: string, group: string): Promise<string | null>;
  publishSingle(dataId: string, group: string, content: string, options: { type: string }): Promise<boolean>;
  remove(dataId: string, group: string): Promise<boolean>;
  subscribe(what: { dataId: string; group: string }, listener: (content: string) => void): unknown;
  close(): void;
}

const PUSHED_MS = 5_000;

describe.skipIf(!postgres)('clients that are not ours, on two replicas', () => {
  let a: RunningService;
  let b: RunningService;
  beforeAll(async () => {
    process.env.DATABASE_URL = await postgres?.createDatabase('config');
    process.env.APOLLO_ACCESS_KEYS = 'guarded=old,guarded=new';
    [a, b] = await Promise.all([startReplica(), startReplica()]);
    delete process.env.APOLLO_ACCESS_KEYS;
  }, 30_000);
  afterAll(async () => {
    await Promise.all([a?.close(), b?.close()]);
  });

  const hostOf = (replica: RunningService) => new URL(replica.urls.http).host;
  const newName = () => newKey().split('/').at(-1) ?? '';
  const at = (name: string, group = 'default') => `${a.urls.http}/api/config-center/settings/default/${group}/${name}`;
  const put = async (name: string, body: unknown, type = 'application/json', group = 'default') => {
    const answer = await call(at(name, group), 'PUT', body, { 'content-type': type });
    expect(answer.status).toBe(200);
  };
  const text = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(b.urls.http + path, { headers, signal: AbortSignal.timeout(10_000) });
    return { status: response.status, headers: response.headers, body: await response.text() };
  };

  describe('npm nacos-config', () => {
    const clients: NacosClient[] = [];
    const client = async (replica: RunningService) => {
      const made = new DataClient({
        serverAddr: hostOf(replica),
        cacheDir: cache,
        ssl: false,
        identityKey: 'authorization',
        identityValue: issuer.bearer('config:release').authorization,
      });
      await made.ready();
      const typed = made as unknown as NacosClient;
      clients.push(typed);
      return typed;
    };
    afterAll(() => {
      for (const each of clients) each.close();
    });

    it('publishes, reads and removes', async () => {
      const nacos = await client(a);
      const dataId = `com.example.${newName()}.yaml`;
      const yaml = '# how many\nmaxItems: 5\n';
      await nacos.publishSingle(dataId, 'DEFAULT_GROUP', yaml, { type: 'yaml' });
      expect(await nacos.getConfig(dataId, 'DEFAULT_GROUP')).toBe(yaml);
      expect((await call(at(dataId))).body).toMatchObject({ settings: { maxItems: 5 }, format: 'yaml', author: 'ada' });
      await nacos.remove(dataId, 'DEFAULT_GROUP');
      expect(await nacos.getConfig(dataId, 'DEFAULT_GROUP')).toBeNull();
    });

    it('hears on one replica what is published on the other, each time', async () => {
      const nacos = await client(b);
      const name = newName();
      await put(name, { step: 0 });
      const heard: string[] = [];
      nacos.subscribe({ dataId: `${name}.json`, group: 'DEFAULT_GROUP' }, (content: string) => heard.push(content));
      const last = () => JSON.parse(heard.at(-1) ?? '{}').step;
      await expect.poll(last, { timeout: PUSHED_MS }).toBe(0);
      for (const step of [1, 2, 3]) {
        await put(name, { step });
        await expect.poll(last, { timeout: PUSHED_MS }).toBe(step);
      }
    });

    it('publishes where it reads: a new version of the settings that it read as another format', async () => {
      const nacos = await client(a);
      const name = newName();
      await put(name, { step: 1 });
      await nacos.publishSingle(`${name}.toml`, 'DEFAULT_GROUP', 'step = 2\n', { type: 'toml' });
      expect((await call(at(name))).body).toMatchObject({ version: 2, settings: { step: 2 }, format: 'toml' });
    });

    it('is refused without a token, with broken text, and after a lost race', async () => {
      const url = `${a.urls.http}/nacos/v1/cs/configs`;
      const post = async (form: Record<string, string>, headers: Record<string, string> = {}) =>
        (await fetch(url, { method: 'POST', body: new URLSearchParams(form), headers })).status;
      const dataId = newName();
      const accessToken = issuer.bearer('config:release').authorization.slice('Bearer '.length);
      const good = { dataId, group: 'g', content: 'a' };
      expect(await post(good)).toBe(401);
      expect(await post({ ...good, accessToken })).toBe(200);
      expect(await post({ ...good, accessToken }, { casMd5: 'another' })).toBe(409);
      expect(await post({ ...good, accessToken }, { casMd5: '0cc175b9c0f1b6a831c399e269772661' })).toBe(200);
      expect(await post({ ...good, accessToken, type: 'json', content: '{' })).toBe(400);
      expect(await post({ ...good, accessToken, dataId: '../x' })).toBe(400);
    });

    it('finds the newer open APIs', async () => {
      const name = newName();
      await put(name, { step: 1 });
      const v2 = await text(`/nacos/v2/cs/config?dataId=${name}.yaml&group=DEFAULT_GROUP`);
      expect(JSON.parse(v2.body)).toMatchObject({ code: 0, data: 'step: 1\n' });
      const v3 = await text(`/nacos/v3/client/cs/config?dataId=${name}.yaml&groupName=DEFAULT_GROUP`);
      expect(JSON.parse(v3.body)).toMatchObject({ code: 0, data: { content: 'step: 1\n', contentType: 'yaml' } });
      expect((await text(`/nacos/v2/cs/config?dataId=none&group=g`)).status).toBe(404);
    });
  });

  describe('npm ctrip-apollo', () => {
    it('reads a namespace and hears of each release', { timeout: 30_000 }, async () => {
      const appId = newName();
      await put(appId, { limits: { maxItems: 5 }, names: ['x', 'y'] });
      const app = apollo({ host: b.urls.http, appId }).cluster('default');
      const namespace = await app.namespace().ready();
      expect(namespace.config()).toEqual({ 'limits.maxItems': '5', 'names[0]': 'x', 'names[1]': 'y' });
      for (const maxItems of [6, 7]) {
        await put(appId, { limits: { maxItems } });
        await expect.poll(() => namespace.get('limits.maxItems'), { timeout: 10_000 }).toBe(String(maxItems));
      }
      app.enableUpdateNotification(false);
    });

    it("gets an app's own keys over those of the public namespace, in the nearest cluster", async () => {
      const [appId, mail] = [newName(), newName()];
      await put(mail, { host: 'shared', port: 25 });
      await put(`${appId}.${mail}`, { host: 'own' });
      await put(mail, { port: 2525 }, 'application/json', 'eu');
      const read = async (cluster: string) =>
        JSON.parse((await text(`/configs/${appId}/${cluster}/${mail}`)).body).configurations;
      expect(await read('default')).toEqual({ host: 'own', port: '25' });
      expect(await read('eu')).toEqual({ host: 'own', port: '2525' });
    });

    it('gets files, and 304 while nothing is new', async () => {
      const appId = newName();
      await put(appId, 'a: 1 # one\n', 'application/yaml');
      const first = await text(`/configs/${appId}/default/application`);
      const { releaseKey } = JSON.parse(first.body);
      const again = await text(`/configs/${appId}/default/application?releaseKey=${encodeURIComponent(releaseKey)}`);
      expect(again.status).toBe(304);
      expect((await text(`/configs/${appId}/default/application.yaml`)).body).toContain('a: 1 # one');
      expect((await text(`/configfiles/${appId}/default/application`)).body).toBe('a=1\n');
      expect((await text(`/configfiles/raw/${appId}/default/application.yaml`)).body).toBe('a: 1 # one\n');
      expect((await text(`/configs/${newName()}/default/application`)).status).toBe(404);
    });

    it('must sign where the app has access keys', async () => {
      await put('guarded', { a: 1 });
      const path = '/configs/guarded/default/application?ip=10.0.0.1';
      const signed = (secret: string, timestamp = Date.now()) => ({
        timestamp: String(timestamp),
        authorization: `Apollo guarded:${createHmac('sha1', secret).update(`${timestamp}\n${path}`).digest('base64')}`,
      });
      expect((await text(path)).status).toBe(401);
      expect((await text(path, signed('wrong'))).status).toBe(401);
      expect((await text(path, signed('old', Date.now() - 120_000))).status).toBe(401);
      expect((await text(path, signed('old'))).status).toBe(200);
      expect((await text(path, signed('new'))).status).toBe(200);
    });
  });

  describe('npm cloud-config-client', () => {
    it('reads an application with its profiles, the nearer over the farther', async () => {
      const name = newName();
      await put(name, { a: 1, b: { c: [1, 2] }, only: 'here' });
      await put(`${name}-prod`, { a: 2 });
      await put('application', { a: 0, everywhere: true });
      await put(name, { a: 9 }, 'application/json', 'v2');
      const endpoint = `${b.urls.http}/spring`;
      const config = await load({ endpoint, name, profiles: ['prod'] });
      expect(config.get('a')).toBe(2);
      expect(config.get('b.c[1]')).toBe(2);
      expect(config.get('everywhere')).toBe(true);
      expect((await load({ endpoint, name, profiles: ['prod'], label: 'v2' })).get('a')).toBe(9);
    });

    it('finds the plain files', async () => {
      const name = newName();
      await put(name, { a: 1, b: { c: 'x' } });
      await put(`${name}-prod`, { a: 2 });
      expect((await text(`/spring/${name}-prod.json`)).body).toContain('"a": 2');
      expect((await text(`/spring/main/${name}-prod.yml`)).body).toMatch(/^a: 2\n(?:.*\n)*b:\n {2}c: x\n/);
      expect((await text(`/spring/${name}-dev.properties`)).body).toContain('b.c=x\n');
      expect((await text('/spring/favicon.ico')).status).toBe(404);
    });
  });

  it("Disconf's clients download files and items", async () => {
    const app = newName();
    await put(`${app}.redis`, { host: 'r1' });
    await put(app, { a: 1 });
    const query = (key: string) => `?app=${app}&env=default&version=1_0&key=${key}`;
    expect(await text(`/api/config/file${query('redis.properties')}`)).toMatchObject({
      status: 200,
      body: 'host=r1\n',
    });
    expect((await text(`/api/config/file${query('application.json')}`)).body).toContain('"a": 1');
    expect(JSON.parse((await text(`/api/config/item${query('redis.properties')}`)).body)).toMatchObject({ status: 1 });
    expect((await text(`/api/config/file${query('none.xml')}`)).status).toBe(404);
  });
});
