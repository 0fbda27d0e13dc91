import 'reflect-metadata';
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConfig, openConfigSource } from '@rookery/config';
import { createPool, databaseUrl } from '@rookery/database';
import { startPostgres } from '@rookery/servers';
import type { RunningService } from '@rookery/service';
import { load } from 'cloud-config-client';
import { DataClient } from 'nacos-config';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { issuer, startReplica } from '../testing/centre.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

/** What of npm nacos-config is used here; its own types ask for options that it does not need. */
interface NacosClient {
  ready(): Promise<void>;
  getConfig(dataId: string, group: string): Promise<string | null>;
  publishSingle(dataId: string, group: string, content: string, options: { type: string }): Promise<boolean>;
  close(): void;
}

const SERVICES = 'a-token-that-the-services-of-a-platform-share';
const API = '/api/config-center';
const HEARD_MS = 10_000;

describe.skipIf(!postgres)('access, where readers need a token', () => {
  let a: RunningService;
  let b: RunningService;
  let home: string;
  let pool: ReturnType<typeof createPool>;
  const written: string[] = [];
  const write = vi.spyOn(fs, 'writeSync').mockImplementation((...args: unknown[]) => {
    written.push(String(args[1]));
    return Buffer.byteLength(String(args[1]));
  });
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'rookery-access-'));
    Object.assign(process.env, {
      DATABASE_URL: await postgres?.createDatabase('config'),
      CONFIG_READERS: 'tokens',
      CONFIG_TOKEN: SERVICES,
      APOLLO_ACCESS_KEYS: 'guarded=from-the-environment',
    });
    pool = createPool(databaseUrl(process.env.DATABASE_URL));
    [a, b] = await Promise.all([startReplica(0, 'trace'), startReplica(0, 'trace')]);
    for (const name of ['APOLLO_ACCESS_KEYS', 'CONFIG_TOKEN']) delete process.env[name];
    await ask('PUT', settingsOf('orders'), may('config'), { limits: { maxItems: 5 } });
    await ask('PUT', settingsOf('default'), may('config'), { limits: { maxItems: 7 } });
  }, 60_000);
  afterAll(async () => {
    await Promise.all([a?.close(), b?.close(), pool?.end()]);
    write.mockRestore();
    await rm(home, { recursive: true });
  });

  type Headers = Record<string, string>;
  const may = (...permissions: string[]): Headers => issuer.bearer(...permissions);
  const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });
  const settingsOf = (namespace: string) => `${API}/settings/${namespace}/default/shop`;
  const ask = async (method: string, path: string, headers: Headers, body?: unknown, replica = a) => {
    const response = await fetch(replica.urls.http + path, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(HEARD_MS),
    });
    const text = await response.text();
    const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status: response.status, text, body: json };
  };
  const issue = async (namespace: string, wanted: object) => {
    const issued = await ask('POST', `${API}/tokens/${namespace}`, may('config'), { name: 'spec', ...wanted });
    expect(issued.status).toBe(201);
    return issued.body as { id: string; token: string; apolloSecret?: string };
  };

  it('nothing is answered to who shows no token, whatever is asked for', async () => {
    const at = settingsOf('orders');
    for (const [method, path] of [
      ['GET', at],
      ['PUT', at],
      ['PUT', `${at}?dryRun=true`],
      ['GET', `${at}/history`],
      ['GET', `${at}/history/1`],
      ['GET', `${at}/history/1/diff`],
      ['POST', `${at}/rollback`],
      ['GET', `${at}/grey`],
      ['PUT', `${at}/grey`],
      ['POST', `${at}/grey/promote`],
      ['GET', `${at}/schema`],
      ['PUT', `${at}/schema`],
      ['GET', `${at}/watch`],
      ['POST', `${at}/reports`],
      ['GET', `${at}/instances`],
      ['GET', `${API}/tokens/orders`],
      ['POST', `${API}/tokens/orders`],
      ['GET', '/nacos/v1/cs/configs?dataId=shop.yaml&group=g'],
      ['GET', '/nacos/v2/cs/config?dataId=shop.yaml&group=g'],
      ['POST', '/nacos/v1/cs/configs?dataId=shop.yaml&group=g&content=a'],
      ['POST', '/nacos/v1/cs/configs/listener?Listening-Configs=a%02b%02c%01'],
      ['GET', '/configs/shop/default/application'],
      ['GET', '/configfiles/shop/default/application'],
      ['GET', '/notifications/v2?appId=shop&notifications=[]'],
      ['GET', '/spring/shop/default'],
      ['GET', '/api/config/file?app=shop&key=application.json'],
    ] as const) {
      const answer = await ask(method, path, {}, ['POST', 'PUT'].includes(method) ? {} : undefined);
      expect([method, path, answer.status]).toEqual([method, path, 401]);
      expect(answer.text).not.toContain('maxItems');
    }
  });

  it('of the platform are told apart by right and namespace', async () => {
    const [orders, other] = [settingsOf('orders'), settingsOf('default')];
    const status = async (method: string, path: string, permission: string, body?: unknown) =>
      (await ask(method, path, may(permission), body)).status;
    expect(await status('GET', orders, 'config:read:orders')).toBe(200);
    expect(await status('GET', other, 'config:read:orders')).toBe(403);
    expect(await status('GET', orders, 'config:edit,release:orders')).toBe(403);
    expect(await status('PUT', orders, 'config:read:orders', {})).toBe(403);
    expect(await status('PUT', `${orders}/schema`, 'config:read:orders', {})).toBe(403);
    expect(await status('PUT', `${orders}?dryRun=true`, 'config:read:orders', {})).toBe(403);
    expect(await status('PUT', `${orders}?dryRun=true`, 'config:edit:orders', { a: 1 })).toBe(200);
    expect(await status('PUT', orders, 'config:edit:orders', { a: 1 })).toBe(403);
    expect(await status('PUT', orders, 'config:edit:orders', { dryRun: 'true' })).toBe(403);
    expect(await status('PUT', `${orders}?dryRun=true&dryRun=false`, 'config:edit:orders', {})).toBe(403);
    expect(await status('POST', `${orders}/rollback`, 'config:read,edit:orders', { version: 1 })).toBe(403);
    expect(await status('POST', `${orders}/grey/promote`, 'config:read,edit:orders', {})).toBe(403);
    expect(await status('GET', orders, 'order:*')).toBe(403);
  });

  it('of a namespace cannot reach another one, by any spelling or protocol', async () => {
    const { token } = await issue('orders', { roles: ['read', 'edit', 'release'] });
    const headers = bearer(token);
    expect((await ask('GET', settingsOf('orders'), headers)).body).toMatchObject({ version: 1 });
    for (const path of [
      settingsOf('default'),
      settingsOf('Orders'),
      settingsOf('orders:eu'),
      `${API}/settings/orders%2F..%2Fdefault/default/shop`,
      `${API}/settings/orders/../default/default/shop`,
      `${API}/tokens/orders`,
      '/nacos/v1/cs/configs?dataId=shop.json&group=DEFAULT_GROUP',
      '/nacos/v1/cs/configs?dataId=shop.json&group=DEFAULT_GROUP&tenant=public&tenant=orders',
      '/configs/shop/default/application',
      '/spring/shop/default',
      '/api/config/file?app=shop&key=application.json',
      '/api/config/file?app=shop&key=application.json&env=default&env=orders',
    ]) {
      const answer = await ask('GET', path, headers);
      expect([path, answer.status]).toEqual([path, 403]);
      expect(answer.text).not.toContain('maxItems');
    }
    const tenants = 'shop.json\u0002g\u0002\u0002orders\u0001shop.json\u0002g\u0002\u0002public\u0001';
    const listening = `/nacos/v1/cs/configs/listener?Listening-Configs=${encodeURIComponent(tenants)}`;
    expect((await ask('POST', listening, headers, {})).status).toBe(403);
    const form = '/nacos/v1/cs/configs?dataId=shop.json&group=DEFAULT_GROUP&tenant=orders&content={}';
    expect((await ask('POST', form, headers, { tenant: 'public' })).status).toBe(403);
    expect((await ask('GET', '/nacos/v2/cs/config?dataId=shop.json&namespaceId=orders', headers)).status).toBe(200);
  });

  it('of one namespace of an environment reaches that one, in every format, and no other', async () => {
    await ask('PUT', `${API}/settings/orders/default/stock`, may('config'), { maxItems: 9 });
    const { token } = await issue('orders', { roles: ['read', 'edit', 'release'], services: ['shop'] });
    for (const headers of [bearer(token), may('config:read,release:orders:shop')]) {
      expect((await ask('GET', settingsOf('orders'), headers)).status).toBe(200);
      expect((await ask('GET', `${API}/settings/orders/eu/shop.yaml`, headers)).status).toBe(200);
      const nacos = (dataId: string) => `/nacos/v2/cs/config?dataId=${dataId}&group=DEFAULT_GROUP&namespaceId=orders`;
      expect((await ask('GET', nacos('shop.json'), headers)).status).toBe(200);
      const tenants = 'shop.json\u0002g\u0002\u0002orders\u0001stock\u0002g\u0002\u0002orders\u0001';
      for (const [method, path] of [
        ['GET', `${API}/settings/orders/default/stock`],
        ['PUT', `${API}/settings/orders/default/stock`],
        ['GET', `${API}/settings/orders/default/shop.mail`],
        ['GET', settingsOf('default')],
        ['GET', nacos('stock.json')],
        ['GET', `${nacos('stock')}&dataId=shop`],
        ['POST', `/nacos/v1/cs/configs/listener?Listening-Configs=${encodeURIComponent(tenants)}`],
        ['GET', `${API}/environments/orders/export`],
        ['GET', `${API}/environments/orders`],
      ] as const) {
        const answer = await ask(method, path, headers, method === 'GET' ? undefined : {});
        expect([path, answer.status]).toEqual([path, 403]);
        expect(answer.text).not.toContain('maxItems');
      }
    }
    const wider = { name: 'wider', roles: ['read'], services: ['stock'] };
    const narrow = may('config:token:orders', 'config:read:orders:shop');
    expect((await ask('POST', `${API}/tokens/orders`, narrow, wider)).status).toBe(403);
    expect((await ask('POST', `${API}/tokens/orders`, narrow, { ...wider, services: ['shop.yaml'] })).status).toBe(201);
    expect((await ask('POST', `${API}/tokens/orders`, narrow, { name: 'all', roles: ['read'] })).status).toBe(403);
  });

  it('are issued by who may, who gives no more than they have', async () => {
    const path = `${API}/tokens/orders`;
    const wanted = { name: 'ci', roles: ['read', 'release'] };
    const status = async (permissions: string[], body: object = wanted) =>
      (await ask('POST', path, may(...permissions), body)).status;
    expect(await status(['config:read,edit,release:orders'])).toBe(403);
    expect(await status(['config:token:orders'])).toBe(403);
    expect(await status(['config:token,read:orders'])).toBe(403);
    expect(await status(['config:token:default', 'config:read,release:orders'])).toBe(403);
    expect(await status(['config:token,read,release:orders'])).toBe(201);
    expect(await status(['config'], { ...wanted, roles: ['token'] })).toBe(400);
    expect(await status(['config'], { ...wanted, expiresInDays: 4_000 })).toBe(400);
    const { token } = await issue('orders', { roles: ['read', 'edit', 'release'] });
    expect((await ask('POST', path, bearer(token), wanted)).status).toBe(403);
  });

  it('are shown once, listed without a secret, and kept as a digest', async () => {
    const { id, token } = await issue('listed', { name: 'ci', roles: ['read'], expiresInDays: 1 });
    const listed = await ask('GET', `${API}/tokens/listed`, may('config:token:listed'));
    expect(listed.body).toMatchObject({
      items: [{ id, name: 'ci', roles: ['read'], issuedBy: 'ada', revokedAt: null }],
    });
    // What it is made of may hold a `_` too.
    const [, secret = ''] = /^rcc_[0-9a-f]+_(.{43})$/.exec(token) ?? [];
    expect(secret).not.toBe('');
    expect(listed.text).not.toContain(secret);
    const { rows } = await pool.query('select * from setting_tokens');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  it('that are revoked, expired, changed or made up are refused, on each replica', async () => {
    const path = settingsOf('orders');
    const status = async (token: string, replica = a) =>
      (await ask('GET', path, bearer(token), undefined, replica)).status;
    const { id, token } = await issue('orders', { roles: ['read'] });
    expect([await status(token), await status(token, b)]).toEqual([200, 200]);
    const last = token.at(-1) === 'A' ? 'B' : 'A';
    expect(await status(token.slice(0, -1) + last)).toBe(401);
    expect(await status(`${token}A`)).toBe(401);
    expect(await status(`rcc_${'0'.repeat(16)}_${'A'.repeat(43)}`)).toBe(401);
    expect(await status(`rcc_${id}_`)).toBe(401);
    expect((await ask('DELETE', `${API}/tokens/other/${id}`, may('config'))).status).toBe(404);
    expect((await ask('DELETE', `${API}/tokens/orders/${id}`, may('config:read:orders'))).status).toBe(403);
    expect((await ask('DELETE', `${API}/tokens/orders/${id}`, may('config:token:orders'))).status).toBe(204);
    await expect.poll(() => status(token), { timeout: HEARD_MS }).toBe(401);
    await expect.poll(() => status(token, b), { timeout: HEARD_MS }).toBe(401);
    const brief = await issue('orders', { roles: ['read'], expiresInDays: 0.01 });
    await pool.query('update setting_tokens set expires_at = now() where id = $1', [brief.id]);
    expect(await status(brief.token)).toBe(401);
  });

  it('that are revoked end their streams', async () => {
    const { id, token } = await issue('orders', { roles: ['read'] });
    const response = await fetch(`${b.urls.http}${settingsOf('orders')}/watch`, { headers: bearer(token) });
    expect(response.status).toBe(200);
    await ask('DELETE', `${API}/tokens/orders/${id}`, may('config'));
    const ended = response.text().then(() => 'ended');
    expect(await Promise.race([ended, new Promise((late) => setTimeout(late, HEARD_MS, 'late'))])).toBe('ended');
  });

  it('our own client shows its token, and reads, follows and reports with it', async () => {
    const url = `${a.urls.http}?namespace=orders`;
    const open = () => openConfigSource({ url, service: 'followed', instance: 'one', home, waitMs: 500 });
    const followed = `${API}/settings/orders/default/followed`;
    await expect((await open()).load()).rejects.toMatchObject({
      code: 'CONFIG_UNREACHABLE',
      message: expect.stringContaining('CONFIG_TOKEN'),
    });
    process.env.CONFIG_TOKEN = (await issue('orders', { roles: ['read'] })).token;
    const source = await open();
    delete process.env.CONFIG_TOKEN;
    const schema = z.object({ step: z.number().default(0) });
    const config = await createConfig({ schema, sources: [source] });
    await ask('PUT', followed, may('config'), { step: 1 });
    await expect.poll(() => config.value.step, { timeout: HEARD_MS }).toBe(1);
    const instances = () => ask('GET', `${followed}/instances`, bearer(SERVICES));
    await expect
      .poll(async () => (await instances()).body.items, { timeout: HEARD_MS })
      .toMatchObject([{ instance: 'one', appliedVersion: 1 }]);
    await config.close();
  });

  it('the token of the services reads everywhere, and does nothing else', async () => {
    const status = async (method: string, path: string, body?: unknown) =>
      (await ask(method, path, bearer(SERVICES), body)).status;
    expect(await status('GET', settingsOf('orders'))).toBe(200);
    expect(await status('GET', settingsOf('default'))).toBe(200);
    expect(await status('PUT', settingsOf('orders'), {})).toBe(403);
    expect(await status('GET', `${API}/tokens/orders`)).toBe(403);
    expect((await ask('GET', settingsOf('orders'), bearer(SERVICES.slice(1)))).status).toBe(401);
  });

  it("npm nacos-config signs in with a token as its password, and publishes as that token's name", async () => {
    const { token } = await issue('orders', { name: 'nacos', roles: ['read', 'release'] });
    const client = new DataClient({
      serverAddr: new URL(a.urls.http).host,
      namespace: 'orders',
      username: 'anyone',
      password: token,
      cacheDir: home,
    } as ConstructorParameters<typeof DataClient>[0]) as unknown as NacosClient;
    try {
      await client.ready();
      await client.publishSingle('mail.json', 'DEFAULT_GROUP', '{"a":1}', { type: 'json' });
      expect(await client.getConfig('mail.json', 'DEFAULT_GROUP')).toBe('{"a":1}');
      const { body } = await ask('GET', `${API}/settings/orders/default/mail.json`, may('config'));
      expect(body).toMatchObject({ author: 'token:orders/nacos', settings: { a: 1 } });
    } finally {
      client.close();
    }
    const wrong = await ask('POST', '/nacos/v1/auth/login?username=a&password=b', {}, {});
    expect(wrong.status).toBe(403);
  });

  it('npm cloud-config-client reads with a token as its password, or as its bearer', async () => {
    const { token } = await issue('default', { roles: ['read'] });
    const endpoint = `${a.urls.http}/spring`;
    const config = await load({ endpoint, name: 'shop', auth: { user: 'anyone', pass: token } });
    expect(config.get('limits.maxItems')).toBe(7);
    expect((await load({ endpoint, name: 'shop', headers: bearer(token) })).get('limits.maxItems')).toBe(7);
    await expect(load({ endpoint, name: 'shop', auth: { user: 'anyone', pass: 'guess' } })).rejects.toThrow();
  });

  it("Apollo's signatures are checked against the app's tokens and keys", async () => {
    const { id, apolloSecret = '' } = await issue('default', { roles: ['read'], apolloAppId: 'shop' });
    const path = (app: string) => `/configs/${app}/default/application`;
    const status = async (app: string, secret: string, signed = path(app), timestamp = Date.now()) => {
      const signature = createHmac('sha1', secret).update(`${timestamp}\n${signed}`).digest('base64');
      const headers = { timestamp: String(timestamp), authorization: `Apollo ${app}:${signature}` };
      return (await ask('GET', path(app), headers)).status;
    };
    expect(await status('shop', apolloSecret)).toBe(200);
    expect(await status('shop', `${apolloSecret}0`)).toBe(401);
    expect(await status('shop', apolloSecret, '/configs/shop/default/other')).toBe(401);
    expect(await status('shop', apolloSecret, path('shop'), Date.now() - 120_000)).toBe(401);
    expect(await status('another', apolloSecret)).toBe(401);
    expect(await status('guarded', apolloSecret)).toBe(401);
    expect(await status('guarded', 'from-the-environment')).toBe(404);
    const outside = await issue('orders', { roles: ['read'], apolloAppId: 'outside' });
    expect(await status('outside', outside.apolloSecret ?? '')).toBe(403);
    await ask('DELETE', `${API}/tokens/default/${id}`, may('config'));
    expect(await status('shop', apolloSecret)).toBe(401);
  });

  it('no token stands in the log, whatever it was shown to', async () => {
    const { token } = await issue('orders', { roles: ['read'] });
    // What it is made of may hold a `_` too.
    const [, secret = ''] = /^rcc_[0-9a-f]+_(.{43})$/.exec(token) ?? [];
    expect(secret).not.toBe('');
    await ask('GET', `/nacos/v1/cs/configs?dataId=x&group=g&accessToken=${token}`, {});
    await ask('GET', `/nacos/v1/none?accessToken=${token}`, {});
    await ask('POST', `/nacos/v1/auth/login?username=a&password=${token}x`, {}, {});
    await ask('GET', settingsOf('orders'), bearer(`${token}x`));
    const log = written.join('');
    expect(log).toContain('config-center');
    for (const text of [secret, SERVICES, 'from-the-environment']) expect(log).not.toContain(text);
  });
});
