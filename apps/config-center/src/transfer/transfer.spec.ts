import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { startPostgres } from '@rookery/servers';
import type { RunningService } from '@rookery/service';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, issuer, startReplica } from '../testing/centre.ts';
import { NACOS_EXPORT } from '../testing/nacos-export.ts';
import { EXPORT_JSON, EXPORT_YAML } from './transfer-body.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(!postgres)('an environment as a file', () => {
  let centre: RunningService;
  beforeAll(async () => {
    process.env.DATABASE_URL = await postgres?.createDatabase('config');
    process.env.CONFIG_KEYS = `k1=${randomBytes(32).toString('base64')}`;
    centre = await startReplica();
    delete process.env.CONFIG_KEYS;
  }, 30_000);
  afterAll(() => centre?.close());

  const root = () => `${centre.urls.http}/api/config-center`;
  const put = (place: string, body: unknown, type = 'application/json') =>
    call(`${root()}/settings/${place}`, 'PUT', body, { 'content-type': type });
  const settings = async (place: string) => (await call(`${root()}/settings/${place}`)).body;
  const exported = async (environment: string, query = '') => {
    const response = await fetch(`${root()}/environments/${environment}/export${query}`, {
      headers: issuer.bearer('config'),
    });
    return { type: response.headers.get('content-type'), text: await response.text() };
  };
  const take = async (environment: string, file: string | Uint8Array<ArrayBuffer>, type: string, query = '') => {
    const response = await fetch(`${root()}/environments/${environment}/import${query}`, {
      method: 'POST',
      headers: { ...issuer.bearer('config'), 'content-type': type },
      body: file,
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  async function fill(environment: string): Promise<void> {
    const declare = (path: string, body: object) => call(`${root()}/environments/${environment}/${path}`, 'PUT', body);
    await declare('namespaces/mail', { kind: 'public' });
    await declare('namespaces/orders.mail', { kind: 'associated', app: 'orders', inherits: 'mail' });
    await declare('groups/eu', { fallsBackTo: 'default' });
    await put(`${environment}/default/mail`, 'port: 25 # plain\n', 'application/yaml');
    await put(`${environment}/default/orders.mail`, { host: 'own' });
    await put(`${environment}/default/orders`, { maxItems: 5, deep: { list: [1, { a: null }] } });
    await call(`${root()}/settings/${environment}/default/orders/schema`, 'PUT', { required: ['maxItems'] });
  }

  it.each([
    ['json', EXPORT_JSON],
    ['yaml', EXPORT_YAML],
  ])('goes out and comes in elsewhere as the same, as %s', async (as, type) => {
    const [from, to] = [`from-${as}`, `to-${as}`];
    await fill(from);
    const file = await exported(from, `?as=${as}`);
    expect(file.type).toContain(type);
    expect(await take(to, file.text, type, '?comment=moved')).toMatchObject({ status: 200, body: { dryRun: false } });
    expect(await settings(`${to}/eu/orders.mail`)).toMatchObject({ settings: { host: 'own', port: 25 } });
    expect(await settings(`${to}/default/mail`)).toMatchObject({
      content: 'port: 25 # plain\n',
      comment: 'moved',
      author: 'ada',
    });
    expect(await put(`${to}/default/orders`, { other: 1 })).toMatchObject({ status: 422 });
    const again = await exported(to, `?as=${as}`);
    const plain = (text: string) => text.replaceAll(to, from).replace(/exportedAt.*|version.*/g, '');
    expect(plain(again.text)).toBe(plain(file.text));
    expect(await take(to, again.text, type)).toMatchObject({ body: { unchanged: 6, changes: [] } });
  });

  it('is looked at before: what would change, also where that only follows, and nothing does', async () => {
    await fill('dry');
    const file = JSON.parse((await exported('dry')).text);
    for (const item of file.settings) if (item.namespace === 'mail') item.content = 'port: 587\n';
    file.settings.push({ group: 'default', namespace: 'cards', settings: { a: 1 } });
    const looked = await take('dry', JSON.stringify(file), 'application/json', '?dryRun=true');
    const port = { port: { from: 25, to: 587 } };
    const changes = looked.body.changes as { group: string; namespace: string }[];
    expect(
      Object.fromEntries(changes.map(({ group, namespace, ...rest }) => [`${group}/${namespace}`, rest])),
    ).toMatchObject({
      'default/mail': { change: 'changed', fromVersion: 1, changed: port },
      'eu/mail': { change: 'changed', changed: port },
      'default/orders.mail': { change: 'changed', changed: port },
      'eu/orders.mail': { change: 'changed', changed: port },
      'default/cards': { change: 'added', added: { a: 1 } },
      'eu/cards': { change: 'added' },
    });
    expect(await settings('dry/default/mail')).toMatchObject({ version: 1, settings: { port: 25 } });
    expect((await settings('dry/default/cards')).version).toBe(0);
  });

  it('comes in as a whole or not at all, and says what was wrong where', async () => {
    await fill('whole');
    const file = JSON.parse((await exported('whole')).text);
    const broken = (change: (items: { namespace: string; settings?: object; content?: string }[]) => void) => {
      const copy = structuredClone(file);
      copy.settings.unshift({ group: 'default', namespace: 'aaa', settings: { a: 1 } });
      change(copy.settings);
      return take('whole', JSON.stringify(copy), 'application/json');
    };
    const schema = await broken((items) => {
      for (const item of items) if (item.namespace === 'orders') item.settings = { other: 1 };
    });
    expect(schema).toMatchObject({ status: 422, body: { code: 'CONFIG_IMPORT_REFUSED', where: 'default/orders' } });
    expect(await broken((items) => items.push({ ...items[0], namespace: 'aaa' }))).toMatchObject({ status: 400 });
    expect(await broken((items) => items.push({ namespace: '../x' }))).toMatchObject({ status: 400 });
    expect(await broken((items) => items.push({ ...items[0], namespace: 'b', content: 'x' }))).toMatchObject({
      status: 400,
    });
    expect(await take('whole', '{', EXPORT_JSON)).toMatchObject({
      status: 400,
      body: { code: 'CONFIG_IMPORT_INVALID' },
    });
    expect(await take('whole', 'a: [', EXPORT_YAML)).toMatchObject({
      status: 400,
      body: { code: 'CONFIG_IMPORT_INVALID' },
    });
    expect((await settings('whole/default/aaa')).version).toBe(0);
  });

  it('may be one namespace, and replaces all others only where that is asked for', async () => {
    await fill('part');
    const file = await exported('part', '?namespace=orders&group=default');
    expect(JSON.parse(file.text).settings).toMatchObject([{ group: 'default', namespace: 'orders' }]);
    await put('target/default/old', { a: 1 });
    await take('target', file.text, EXPORT_JSON);
    expect(await settings('target/default/old')).toMatchObject({ removed: false });
    const replaced = await take('target', file.text, EXPORT_JSON, '?others=remove');
    expect(replaced.body.changes).toMatchObject([{ namespace: 'old', change: 'removed' }]);
    expect(await settings('target/default/old')).toMatchObject({ removed: true, version: 2 });
  });

  it('is what Nacos exports, and its clients find it again', async () => {
    const zip = zipSync({
      'DEFAULT_GROUP/shop.yaml': strToU8('a: 1 # one\n'),
      'DEFAULT_GROUP/both.yaml': strToU8('a: 1\n'),
      'DEFAULT_GROUP/both.json': strToU8('{"a":2}'),
      'eu/notes': strToU8('a=1\n'),
      '.metadata.yml': strToU8(
        'metadata:\n- {appName: "", dataId: shop.yaml, desc: "", group: DEFAULT_GROUP, type: yaml}\n' +
          '- {dataId: notes, group: eu, type: properties}\n',
      ),
    }) as Uint8Array<ArrayBuffer>;
    expect(await take('default', zip, 'application/zip')).toMatchObject({ status: 200 });
    expect(await settings('default/default/shop')).toMatchObject({ settings: { a: 1 }, format: 'yaml' });
    expect(await settings('default/eu/notes')).toMatchObject({ settings: { a: '1' }, format: 'properties' });
    const nacos = async (query: string) => (await fetch(`${centre.urls.http}/nacos/v1/cs/configs?${query}`)).text();
    expect(await nacos('dataId=shop.yaml&group=DEFAULT_GROUP')).toBe('a: 1 # one\n');
    expect(await nacos('dataId=both.json&group=DEFAULT_GROUP')).toBe('{"a":2}');
    expect(await nacos('dataId=notes&group=eu')).toBe('a=1\n');
  });

  it('has masks for encrypted values, which stay where they are and go nowhere else', async () => {
    const place = `${root()}/settings/sealed/default/orders`;
    const { values } = (await call(`${place}/encrypt`, 'POST', { values: { password: 'hunter2' } })).body as {
      values: { password: string };
    };
    await put('sealed/default/orders', `password: '${values.password}' # secret\nport: 1\n`, 'application/yaml');
    const { text } = await exported('sealed');
    expect(text).toContain('{cipher}***');
    expect(text).not.toContain(values.password);
    expect(await take('sealed', text, EXPORT_JSON)).toMatchObject({ body: { unchanged: 1, changes: [] } });
    await take('sealed', text.replace('port: 1', 'port: 2'), EXPORT_JSON);
    expect((await call(`${place}?secrets=plain`)).body).toMatchObject({
      version: 2,
      settings: { password: 'hunter2', port: 2 },
    });
    expect(await take('elsewhere', text, EXPORT_JSON)).toMatchObject({
      status: 422,
      body: { code: 'CONFIG_IMPORT_REFUSED', where: 'default/orders' },
    });
  });

  it('is a zip that a real Nacos wrote', async () => {
    const taken = await take('nacos', new Uint8Array(NACOS_EXPORT), 'application/zip');
    expect(taken).toMatchObject({ status: 200, body: { changes: [{}, {}, {}, {}] } });
    expect(await settings('nacos/default/shop')).toMatchObject({ content: 'a: 1 # one\n', format: 'yaml' });
    expect(await settings('nacos/eu/shop')).toMatchObject({ settings: { b: [1, 2] }, format: 'json' });
    expect(await settings('nacos/eu/notes')).toMatchObject({ settings: { a: '1' }, format: 'properties' });
    expect(await settings('nacos/eu/page')).toMatchObject({ settings: { content: '<a/>' }, format: 'text' });
  });

  it('is no zip with too much in it, or with files elsewhere', async () => {
    const zip = (files: Record<string, Uint8Array>) =>
      take('default', zipSync(files) as Uint8Array<ArrayBuffer>, 'application/zip');
    expect(await zip({ 'g/bomb.txt': new Uint8Array(400_000) })).toMatchObject({ status: 413 });
    expect(await zip({ '../g/x.txt': strToU8('x') })).toMatchObject({ status: 400 });
    expect(await zip({ 'x.txt': strToU8('x') })).toMatchObject({ status: 400 });
    expect(await take('default', 'PK', 'application/zip')).toMatchObject({ status: 400 });
  });

  it('is not for everybody', async () => {
    const headers = issuer.bearer('order:*');
    expect((await fetch(`${root()}/environments/default/export`, { headers })).status).toBe(403);
    expect((await fetch(`${root()}/environments/default/import`, { method: 'POST', headers })).status).toBe(403);
  });
});
