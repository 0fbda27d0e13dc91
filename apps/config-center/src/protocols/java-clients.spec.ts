import 'reflect-metadata';
import { type ConfigJavaClient, hasConfigJava, startConfigJavaClient, startPostgres } from '@rookery/servers';
import type { RunningService } from '@rookery/service';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call, newKey, startReplica } from '../testing/centre.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

const STARTED_MS = 60_000;
const PUSHED_MS = 20_000;

describe.skipIf(!postgres || !hasConfigJava)('the Java clients of the other configuration centres', () => {
  let centre: RunningService;
  const running: ConfigJavaClient[] = [];
  beforeAll(async () => {
    process.env.DATABASE_URL = await postgres?.createDatabase('config');
    process.env.APOLLO_ACCESS_KEYS = 'signed=secret';
    centre = await startReplica();
    delete process.env.APOLLO_ACCESS_KEYS;
  }, 30_000);
  afterEach(async () => {
    await Promise.all(running.splice(0).map((client) => client.stop()));
  });
  afterAll(() => centre?.close());

  const start = (...args: Parameters<typeof startConfigJavaClient>) => {
    const client = startConfigJavaClient(...args);
    running.push(client);
    return client;
  };
  const newName = () => newKey().split('/').at(-1) ?? '';
  const put = async (name: string, settings: unknown) => {
    const key = `${centre.urls.http}/api/config-center/settings/default/default/${name}`;
    expect((await call(key, 'PUT', settings)).status).toBe(200);
  };
  const expectValues = (client: ConfigJavaClient, values: unknown[], timeout = STARTED_MS) =>
    expect.poll(() => client.values(), { timeout, message: client.output() }).toEqual(values);

  it('Apollo, with an access key, reads and hears of each release', { timeout: 120_000 }, async () => {
    await put('signed', { limits: { maxItems: 1 } });
    const client = start('ApolloClient', centre.urls.http, 'signed', 'secret', 'limits.maxItems');
    await expectValues(client, ['1']);
    await put('signed', { limits: { maxItems: 2 } });
    await expectValues(client, ['1', '2'], PUSHED_MS);
    await put('signed', { limits: { maxItems: 3 } });
    await expectValues(client, ['1', '2', '3'], PUSHED_MS);
  });

  it('Nacos (1.x, over HTTP) reads and hears of each release', { timeout: 120_000 }, async () => {
    const name = newName();
    await put(name, { step: 1 });
    const client = start('NacosClient', new URL(centre.urls.http).host, `${name}.properties`, 'DEFAULT_GROUP');
    await expectValues(client, ['step=1']);
    await put(name, { step: 2 });
    await expectValues(client, ['step=1', 'step=2'], PUSHED_MS);
  });

  it('Spring Cloud Config starts an application with its settings', { timeout: 120_000 }, async () => {
    const name = newName();
    const declare = (namespace: string, placeholders: string) =>
      call(`${centre.urls.http}/api/config-center/environments/default/namespaces/${namespace}`, 'PUT', {
        kind: 'private',
        app: namespace,
        placeholders,
      });
    await declare(name, 'client');
    await declare(`${name}-prod`, 'server');
    // Spring's own placeholders see every source of it, ours one namespace.
    await put(name, { greeting: 'hello', list: ['a', 'b'], both: '${greeting}, ${nobody:you}' });
    await put(`${name}-prod`, { greeting: 'hello ${who}', who: 'prod' });
    const keys = ['greeting', 'list[1]', 'both'];
    const client = start('SpringClient', `${centre.urls.http}/spring`, name, 'prod', ...keys);
    await expectValues(client, ['hello prod', 'b', 'hello prod, you']);
  });
});
