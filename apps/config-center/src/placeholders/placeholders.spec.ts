import 'reflect-metadata';
import { startPostgres } from '@rookery/servers';
import type { RunningService } from '@rookery/service';
import { load } from 'cloud-config-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, newKey, startReplica } from '../testing/centre.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(!postgres)('placeholders in settings', () => {
  let centre: RunningService;
  beforeAll(async () => {
    process.env.DATABASE_URL = await postgres?.createDatabase('config');
    centre = await startReplica();
  }, 30_000);
  afterAll(() => centre?.close());

  const api = () => `${centre.urls.http}/api/config-center`;
  const text = async (path: string) => (await fetch(centre.urls.http + path)).text();
  async function declared(placeholders: 'server' | 'client' | null) {
    const key = centre.urls.http + newKey();
    const name = key.split('/').at(-1) ?? '';
    await declare(name, placeholders);
    return { key, name };
  }
  const declare = (name: string, placeholders: 'server' | 'client' | null, more = {}) =>
    call(`${api()}/environments/default/namespaces/${name}`, 'PUT', {
      kind: 'private',
      app: name,
      placeholders,
      ...more,
    });

  it('that the centre resolves are values for every client; what was written stays for who edits', async () => {
    const { key, name } = await declared('server');
    const yaml = 'host: h1 # where\nurl: http://${host}:${port}/\nport: 80\nsame: ${port}\n';
    expect((await call(key, 'PUT', yaml, { 'content-type': 'application/yaml' })).body).toMatchObject({
      settings: { host: 'h1', url: 'http://h1:80/', port: 80, same: 80 },
      content: null,
    });
    expect((await call(`${key}/origins`)).body.written).toMatchObject({ content: yaml });
    expect(await text(`/nacos/v1/cs/configs?dataId=${name}.yaml&group=DEFAULT_GROUP`)).toContain(
      'url: http://h1:80/\n',
    );
    const apollo = JSON.parse(await text(`/configs/${name}/default/application`));
    expect(apollo.configurations.url).toBe('http://h1:80/');
    const spring = await load({ endpoint: `${centre.urls.http}/spring`, name, profiles: ['prod'] });
    expect(spring.get('url')).toBe('http://h1:80/');
    expect(await text(`/api/config/file?app=${name}&env=default&version=1&key=application.properties`)).toContain(
      'url=http://h1:80/\n',
    );
  });

  it('that clients resolve are text for every client, with the comments', async () => {
    const { key, name } = await declared('client');
    const yaml = 'url: ${scheme}://${HOST:h1} # by the client\nscheme: http\n';
    await call(key, 'PUT', yaml, { 'content-type': 'application/yaml' });
    expect((await call(key)).body).toMatchObject({ settings: { url: '${scheme}://${HOST:h1}' }, content: yaml });
    expect(await text(`/nacos/v1/cs/configs?dataId=${name}.yaml&group=DEFAULT_GROUP`)).toBe(yaml);
    const spring = JSON.parse(await text(`/spring/${name}/prod`));
    expect(spring.propertySources[0].source.url).toBe('${scheme}://${HOST:h1}');
  });

  it('in a circle are refused with its path, whoever resolves, and so is one that is missing where the centre does', async () => {
    for (const by of ['server', 'client'] as const) {
      const { key } = await declared(by);
      expect(await call(key, 'PUT', { a: '${b.c}', b: { c: '${a}' } })).toMatchObject({
        status: 422,
        body: { code: 'CONFIG_PLACEHOLDER_CYCLE', cycle: ['a', 'b.c', 'a'] },
      });
      expect(await call(`${key}?dryRun=true`, 'PUT', { a: '${a}' })).toMatchObject({ status: 422 });
      expect(await call(key, 'PUT', { a: '${HOME}' })).toMatchObject({ status: by === 'server' ? 422 : 200 });
    }
    const { key } = await declared(null);
    expect(await call(key, 'PUT', { a: '${a}' })).toMatchObject({ status: 200, body: { settings: { a: '${a}' } } });
  });

  it('reach into what is inherited, follow it, and a change of who resolves is a release', async () => {
    const { key, name } = await declared('server');
    const shared = centre.urls.http + newKey();
    const base = shared.split('/').at(-1) ?? '';
    await call(shared, 'PUT', { host: 'h1' });
    await call(`${api()}/environments/default/namespaces/${base}`, 'PUT', { kind: 'public' });
    await declare(name, 'server', { kind: 'associated', inherits: base });
    await call(key, 'PUT', { url: 'http://${host}' });
    expect((await call(key)).body.settings).toEqual({ host: 'h1', url: 'http://h1' });
    await call(shared, 'PUT', { host: 'h2' });
    expect((await call(key)).body.settings).toEqual({ host: 'h2', url: 'http://h2' });
    expect(await call(shared, 'PUT', { other: 1 })).toMatchObject({
      status: 422,
      body: { code: 'CONFIG_DEPENDENT_REFUSED' },
    });
    await declare(name, 'client', { kind: 'associated', inherits: base });
    expect((await call(key)).body.settings).toEqual({ host: 'h2', url: 'http://${host}' });
  });
});
