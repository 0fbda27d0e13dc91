import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { startPostgres } from '@rookery/servers';
import type { RunningService } from '@rookery/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, issuer, startReplica } from '../testing/centre.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(!postgres)('environments, groups and namespaces', () => {
  let centre: RunningService;
  beforeAll(async () => {
    process.env.DATABASE_URL = await postgres?.createDatabase('config');
    process.env.CONFIG_KEYS = `k1=${randomBytes(32).toString('base64')}`;
    centre = await startReplica();
    delete process.env.CONFIG_KEYS;
  }, 30_000);
  afterAll(() => centre?.close());

  let environments = 0;
  const root = () => `${centre.urls.http}/api/config-center`;
  /** An environment that no other test uses. */
  function newEnvironment() {
    environments += 1;
    const name = `env-${environments}`;
    const at = (group: string, namespace: string) => `${root()}/settings/${name}/${group}/${namespace}`;
    const declare = (path: string, body: object) => call(`${root()}/environments/${name}/${path}`, 'PUT', body);
    return {
      name,
      at,
      declare,
      put: (group: string, namespace: string, settings: object) => call(at(group, namespace), 'PUT', settings),
      settings: async (group: string, namespace: string) => (await call(at(group, namespace))).body.settings,
      version: async (group: string, namespace: string) => (await call(at(group, namespace))).body.version,
      mail: async () => {
        await declare('namespaces/mail', { kind: 'public' });
        await declare('namespaces/orders.mail', { kind: 'associated', app: 'orders', inherits: 'mail' });
      },
    };
  }

  it('are declared, shown with what is there, and taken back', async () => {
    const { name, put, declare } = newEnvironment();
    await put('default', 'orders', { a: 1 });
    await declare('groups/eu', { fallsBackTo: 'default', description: 'Frankfurt' });
    await declare('namespaces/orders', { kind: 'private', app: 'orders' });
    await call(`${root()}/environments/${name}`, 'PUT', { description: 'for tests' });
    const shown = await call(`${root()}/environments/${name}`);
    expect(shown).toMatchObject({
      status: 200,
      body: {
        name,
        declared: true,
        description: 'for tests',
        author: 'ada',
        groups: [
          { name: 'default', declared: false },
          { name: 'eu', declared: true, chain: ['eu', 'default'], description: 'Frankfurt' },
        ],
        namespaces: [{ name: 'orders', kind: 'private', app: 'orders', versions: { default: 1, eu: 1 } }],
      },
    });
    const listed = (await call(`${root()}/environments`)).body.items as { name: string }[];
    expect(listed).toContainEqual({ name, declared: true, description: 'for tests', author: 'ada' });
    const remove = (path: string) => call(`${root()}/environments/${name}${path}`, 'DELETE');
    expect(await remove('')).toMatchObject({ status: 409, body: { code: 'CONFIG_IN_USE' } });
    for (const path of ['/groups/eu', '/namespaces/orders', ''])
      expect(await remove(path)).toMatchObject({ status: 204 });
    expect(await remove('')).toMatchObject({ status: 404 });
  });

  it('an associated namespace has what the public one has, over which its own keys lie', async () => {
    const { put, settings, version, at, mail } = newEnvironment();
    await put('default', 'mail', { host: 'shared', port: 25 });
    await mail();
    expect(await settings('default', 'orders.mail')).toEqual({ host: 'shared', port: 25 });
    await put('default', 'orders.mail', { host: 'own' });
    expect((await call(at('default', 'orders.mail'))).body).toMatchObject({
      version: 2,
      settings: { host: 'own', port: 25 },
      madeOf: [
        { group: 'default', service: 'mail', version: 1 },
        { group: 'default', service: 'orders.mail', version: 2 },
      ],
    });
    await put('default', 'mail', { host: 'shared', port: 587 });
    expect(await settings('default', 'orders.mail')).toEqual({ host: 'own', port: 587 });
    await put('default', 'mail', { host: 'other', port: 587 });
    expect(await version('default', 'orders.mail')).toBe(3);
    expect((await call(`${at('default', 'orders.mail')}/origins`)).body).toEqual({
      written: { settings: { host: 'own' }, format: 'json', content: null },
      lookedFor: [['default/mail'], ['default/orders.mail']],
      origins: { host: 'default/orders.mail', port: 'default/mail' },
    });
  });

  it('an encrypted value is inherited, and decrypted where its namespace is', async () => {
    const { put, at, mail, declare } = newEnvironment();
    const secret = { values: { password: 'hunter2' } };
    const { values } = (await call(`${at('default', 'mail')}/encrypt`, 'POST', secret)).body as typeof secret;
    await put('default', 'mail', { password: values.password, port: 25 });
    await mail();
    await declare('groups/eu', { fallsBackTo: 'default' });
    await put('default', 'orders.mail', { host: 'own' });
    for (const group of ['default', 'eu']) {
      const heir = at(group, 'orders.mail');
      expect((await call(`${heir}?secrets=plain`)).body.settings).toEqual({
        password: 'hunter2',
        port: 25,
        host: 'own',
      });
      expect((await call(heir)).body.settings).toMatchObject({ password: '{cipher}***' });
    }
  });

  it('a rollback takes up what was written then, over what is inherited now', async () => {
    const { put, settings, at, mail } = newEnvironment();
    await put('default', 'mail', { port: 25 });
    await mail();
    await put('default', 'orders.mail', { host: 'first' });
    await put('default', 'orders.mail', { host: 'second' });
    await put('default', 'mail', { port: 587 });
    await call(`${at('default', 'orders.mail')}/rollback`, 'POST', { version: 2 });
    expect(await settings('default', 'orders.mail')).toEqual({ host: 'first', port: 587 });
    await call(`${at('default', 'orders.mail')}/rollback`, 'POST', { version: 1 });
    expect(await settings('default', 'orders.mail')).toEqual({ port: 587 });
  });

  it('a group has the namespaces of the one it falls back to, until it writes its own', async () => {
    const { put, settings, declare, name, at } = newEnvironment();
    await put('default', 'orders', { a: 1, b: 1 });
    await declare('groups/eu', { fallsBackTo: 'default' });
    expect(await settings('eu', 'orders')).toEqual({ a: 1, b: 1 });
    await put('default', 'orders', { a: 2, b: 2 });
    await put('default', 'cards', { c: 1 });
    expect([await settings('eu', 'orders'), await settings('eu', 'cards')]).toEqual([{ a: 2, b: 2 }, { c: 1 }]);
    await put('eu', 'orders', { a: 3 });
    await put('default', 'orders', { a: 4 });
    expect(await settings('eu', 'orders')).toEqual({ a: 3 });
    await call(`${root()}/environments/${name}/groups/eu`, 'DELETE');
    expect([await settings('eu', 'orders'), (await call(at('eu', 'cards'))).body.removed]).toEqual([{ a: 3 }, true]);
  });

  it('a public namespace of a group comes before that of its fall-back, for every heir', async () => {
    const { put, settings, declare, mail } = newEnvironment();
    await put('default', 'mail', { host: 'shared', port: 25 });
    await mail();
    await declare('groups/eu', { fallsBackTo: 'default' });
    await put('default', 'orders.mail', { host: 'own' });
    await put('eu', 'mail', { port: 2525, tls: true });
    expect(await settings('eu', 'orders.mail')).toEqual({ host: 'own', port: 2525, tls: true });
    expect(await settings('default', 'orders.mail')).toEqual({ host: 'own', port: 25 });
  });

  it('a release that an heir could not bear is refused as a whole', async () => {
    const { put, settings, at, mail } = newEnvironment();
    await put('default', 'mail', { port: 25 });
    await mail();
    await call(`${at('default', 'orders.mail')}/schema`, 'PUT', {
      properties: { port: { type: 'integer', maximum: 1000 } },
    });
    expect(await put('default', 'mail', { port: 2525 })).toMatchObject({
      status: 422,
      body: { code: 'CONFIG_DEPENDENT_REFUSED', key: expect.stringContaining('/default/orders.mail') },
    });
    expect(await settings('default', 'mail')).toEqual({ port: 25 });
  });

  it('a grey release of an heir stays grey over what follows', async () => {
    const { put, settings, at, mail } = newEnvironment();
    await put('default', 'mail', { port: 25 });
    await mail();
    await put('default', 'orders.mail', { host: 'own' });
    const key = at('default', 'orders.mail');
    await call(`${key}/grey`, 'PUT', { settings: { host: 'grey' }, rule: { instances: ['one'] } });
    await put('default', 'mail', { port: 26 });
    expect((await call(`${key}?instance=one`)).body.settings).toEqual({ host: 'grey', port: 26 });
    expect(await settings('default', 'orders.mail')).toEqual({ host: 'own', port: 26 });
    await call(`${key}/grey/promote`, 'POST', {});
    expect(await settings('default', 'orders.mail')).toEqual({ host: 'grey', port: 26 });
  });

  it('twenty editors of a public namespace and its heirs at once leave every heir with the last of both', async () => {
    const { put, settings, declare, mail } = newEnvironment();
    await mail();
    await declare('groups/eu', { fallsBackTo: 'default' });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, step) => {
        const [group, name] = [step % 4 < 2 ? 'default' : 'eu', step % 2 ? 'mail' : 'orders.mail'];
        return put(group, name, { [name === 'mail' ? 'shared' : 'own']: step });
      }),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    for (const group of ['default', 'eu']) {
      const [{ shared }, heir] = [
        (await settings(group, 'mail')) as { shared: number },
        await settings(group, 'orders.mail'),
      ];
      expect(heir).toEqual({ shared, own: expect.any(Number) });
    }
  });

  it.each([
    ['groups/a', { fallsBackTo: 'a' }, 422],
    ['namespaces/orders.mail', { kind: 'associated', app: 'orders', inherits: 'none' }, 422],
    ['namespaces/orders.mail', { kind: 'associated', app: 'orders' }, 422],
    ['namespaces/orders', { kind: 'private', app: 'cards' }, 422],
    ['namespaces/mail', { kind: 'public', app: 'orders' }, 422],
    ['namespaces/mail', { kind: 'shared' }, 400],
    ['groups/a%2fb', {}, 400],
  ])('refuse %s as %j', async (path, body, status) => {
    expect(await newEnvironment().declare(path, body)).toMatchObject({ status });
  });

  it('a public namespace stays while it is inherited, and nobody declares without the right', async () => {
    const { name, declare, mail } = newEnvironment();
    await mail();
    const url = `${root()}/environments/${name}/namespaces/mail`;
    expect(await call(url, 'DELETE')).toMatchObject({ status: 409 });
    expect(await declare('namespaces/mail', { kind: 'private', app: 'mail' })).toMatchObject({ status: 422 });
    expect(await call(url, 'DELETE', undefined, issuer.bearer('order:*'))).toMatchObject({ status: 403 });
    expect((await fetch(url, { method: 'PUT' })).status).toBe(401);
  });

  it('stand in the OpenAPI document, with drafts, files and repositories', async () => {
    const paths = (await call(`${centre.urls.http}/openapi.json`)).body.paths as Record<string, object>;
    const environment = '/api/config-center/environments/{environment}';
    const key = '/api/config-center/settings/{namespace}/{group}/{service}';
    const methods = (path: string) => Object.keys(paths[path] ?? {}).sort();
    expect(methods(environment)).toEqual(['delete', 'get', 'put']);
    for (const path of ['groups/{group}', 'namespaces/{name}']) {
      expect(methods(`${environment}/${path}`)).toEqual(['delete', 'put']);
    }
    expect(methods(`${key}/draft`)).toEqual(['delete', 'get', 'patch', 'put']);
    expect(methods(`${key}/draft/schedule`)).toEqual(['delete', 'put']);
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        ...[`${key}/origins`, `${key}/draft/diff`, `${key}/draft/rebase`, `${key}/draft/publish`],
        ...[`${environment}/export`, `${environment}/import`, `${environment}/git`, `${environment}/git/webhook`],
        '/api/config-center/schedules',
      ]),
    );
  });

  it("are what Nacos', Apollo's, Spring's and Disconf's clients see", async () => {
    const api = `${root()}/environments/default`;
    const put = (group: string, namespace: string, body: object) =>
      call(`${root()}/settings/default/${group}/${namespace}`, 'PUT', body);
    await put('default', 'post', { host: 'shared', port: 25 });
    await put('default', 'shop', { secret: 1 });
    await call(`${api}/namespaces/post`, 'PUT', { kind: 'public' });
    await call(`${api}/namespaces/shop`, 'PUT', { kind: 'private', app: 'shop' });
    await call(`${api}/namespaces/shop.post`, 'PUT', { kind: 'associated', app: 'shop', inherits: 'post' });
    await call(`${api}/groups/eu`, 'PUT', { fallsBackTo: 'default' });
    await put('default', 'shop.post', { host: 'own' });
    const text = async (path: string) => (await fetch(centre.urls.http + path)).text();
    const nacos = await text('/nacos/v1/cs/configs?dataId=shop.post.yaml&group=eu');
    expect(nacos).toBe('host: own\nport: 25\n');
    const apollo = JSON.parse(await text('/configs/shop/eu/post'));
    expect(apollo.configurations).toEqual({ host: 'own', port: '25' });
    const spring = JSON.parse(await text('/spring/shop.post/prod/eu'));
    expect(spring.propertySources[0].source).toEqual({ host: 'own', port: 25 });
    expect(await text('/api/config/file?app=shop&env=default&version=eu&key=post.properties')).toBe(
      'host=own\nport=25\n',
    );
    // What is private to an app is no public namespace of another.
    expect((await fetch(`${centre.urls.http}/configs/mallory/default/shop`)).status).toBe(404);
  });
});
