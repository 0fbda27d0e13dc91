import { createRegistry } from '@rookery/discovery';
import { registryContract, tlsOf } from '@rookery/discovery/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RegistryProcess } from '../testing/registry-process.ts';

let registry: RegistryProcess;
beforeAll(async () => {
  registry = await RegistryProcess.start();
}, 30_000);
afterAll(() => registry.stop());

interface Answer {
  status: number;
  text: string;
  type: string | null;
}

async function ask(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${registry.url}/eureka${path}`, {
    method,
    ...(body === undefined ? {} : { body }),
    headers: { accept: 'application/json', ...headers },
  });
  return { status: response.status, text: await response.text(), type: response.headers.get('content-type') };
}

const anInstance = (facts: object = {}) => ({
  instanceId: 'host:orders:8080',
  app: 'ORDERS',
  vipAddress: 'orders',
  hostName: 'host.internal',
  ipAddr: '10.0.0.1',
  status: 'UP',
  port: { $: 8080, '@enabled': 'true' },
  dataCenterInfo: { name: 'MyOwn' },
  metadata: { zone: 'eu-1b', 'management.port': '8081' },
  ...facts,
});
const register = (instance: { app: string }) => ask('POST', `/apps/${instance.app}`, JSON.stringify({ instance }));
const read = async (path: string) => JSON.parse((await ask('GET', path)).text);
const statusOf = async (app: string, id: string) => (await read(`/apps/${app}/${id}`)).instance.status;
const passing = async (service: string): Promise<{ Service: object }[]> =>
  (await fetch(`${registry.url}/v1/health/service/${service}?passing`)).json() as Promise<{ Service: object }[]>;

registryContract('embedded registry, asked in the way of Eureka', {
  cannot: ['push', 'namespace', 'credentials'],
  leaseStepMs: 2_000,
  async start() {
    const own = await RegistryProcess.start();
    const address = { host: '127.0.0.1', port: own.port };
    return {
      address,
      createRegistry({ host, port } = address, options = {}) {
        const { suffix, parameters } = tlsOf(options, 's');
        return createRegistry(`eureka+http${suffix}://${host}:${port}/eureka?every=200ms${parameters}`);
      },
      async restartServer(whileDown) {
        await own.end('SIGKILL');
        await whileDown?.();
        await own.start();
      },
      stop: () => own.stop(),
    };
  },
});

describe("Eureka's REST API", { timeout: 30_000 }, () => {
  it('takes an instance that every other client then sees as its own kind', async () => {
    expect(await register(anInstance())).toMatchObject({ status: 204, text: '' });
    const { application } = await read('/apps/orders');
    expect(application).toMatchObject({ name: 'ORDERS', instance: [anInstance({ overriddenStatus: 'UNKNOWN' })] });
    expect(await passing('orders')).toMatchObject([
      { Service: { ID: 'host:orders:8080', Service: 'orders', Address: '10.0.0.1', Port: 8080 } },
    ]);
    const consul = await createRegistry(`consul://127.0.0.1:${registry.port}`);
    expect(await consul.instances('orders')).toEqual([
      {
        ...{ id: 'host:orders:8080', service: 'orders', address: '10.0.0.1', port: 8080, weight: 1, zone: 'eu-1b' },
        metadata: { 'management.port': '8081' },
      },
    ]);
    const lease = await consul.register({
      ...{ id: 'web-1', service: 'web', address: '10.0.0.2', port: 80, grpcPort: 90, weight: 3, zone: 'a' },
      metadata: { version: '1' },
    });
    expect((await read('/apps/WEB/web-1')).instance).toMatchObject({
      ...{ app: 'WEB', vipAddress: 'web', ipAddr: '10.0.0.2', status: 'UP', port: { $: 80, '@enabled': 'true' } },
      metadata: { version: '1', zone: 'a', weight: '3', 'rookery-grpc-port': '90' },
    });
    expect(await ask('PUT', '/apps/WEB/web-1')).toMatchObject({ status: 404 });
    await lease.release();
    expect(await ask('GET', '/apps/WEB/web-1')).toMatchObject({ status: 404 });
    await consul.close();
  });

  it('finds instances by application, id and addresses, also under /eureka/v2', async () => {
    await register(anInstance({ secureVipAddress: 'orders-tls' }));
    const apps = async (path: string) =>
      (await read(path)).applications.application.map(({ name }: Application) => name);
    expect(await apps('/apps/')).toContain('ORDERS');
    expect(await apps('/v2/apps')).toContain('ORDERS');
    expect(await apps('/vips/orders')).toEqual(['ORDERS']);
    expect(await apps('/svips/orders-tls')).toEqual(['ORDERS']);
    expect(await apps('/vips/nobody')).toEqual([]);
    expect((await read('/instances/host:orders:8080')).instance.app).toBe('ORDERS');
    for (const path of ['/apps/NOBODY', '/apps/ORDERS/nobody', '/instances/nobody']) {
      expect(await ask('GET', path)).toMatchObject({ status: 404 });
    }
  });

  it('answers XML unless JSON is accepted, and takes it', async () => {
    const xml = `<?xml version="1.0"?><instance><instanceId>x-1</instanceId><hostName>x</hostName><app>XML</app>
      <ipAddr>10.0.0.9</ipAddr><vipAddress>xml</vipAddress><status>UP</status><port enabled="true">7001</port>
      <dataCenterInfo class="com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo"><name>MyOwn</name></dataCenterInfo>
      <metadata><version>1 &amp; 2</version></metadata></instance>`;
    expect(await ask('POST', '/apps/XML', xml, { 'content-type': 'application/xml' })).toMatchObject({ status: 204 });
    const { text, type } = await ask('GET', '/apps', undefined, { accept: '*/*' });
    expect(type).toMatch('application/xml');
    expect(text).toMatch('<applications><versions__delta>1</versions__delta><apps__hashcode>UP_');
    expect(text).toMatch('<instanceId>x-1</instanceId>');
    expect(text).toMatch('<port enabled="true">7001</port>');
    expect(text).toMatch('<metadata><version>1 &amp; 2</version></metadata>');
    expect(text).toMatch('<dataCenterInfo class="com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo">');
    const bomb = '<!DOCTYPE a [<!ENTITY b "b">]><instance><app>XML</app></instance>';
    expect(await ask('POST', '/apps/XML', bomb)).toMatchObject({ status: 400, text: 'the XML has a declaration' });
  });

  it('takes an instance out of traffic by its status, by an override, and puts it back', async () => {
    const id = 'st-1';
    await register(anInstance({ app: 'STATES', vipAddress: 'states', instanceId: id, status: 'STARTING' }));
    const is = async (status: string) => {
      expect(await statusOf('STATES', id)).toBe(status);
      expect(await passing('states')).toHaveLength(status === 'UP' ? 1 : 0);
    };
    await is('STARTING');
    const renew = (query = '') => ask('PUT', `/apps/STATES/${id}${query}`);
    expect(await renew()).toMatchObject({ status: 200 });
    await is('STARTING');
    await renew('?status=UP&lastDirtyTimestamp=1');
    await is('UP');
    expect(await ask('PUT', `/apps/STATES/${id}/status?value=OUT_OF_SERVICE`)).toMatchObject({ status: 200 });
    await is('OUT_OF_SERVICE');
    await renew('?status=UP');
    await register(anInstance({ app: 'STATES', vipAddress: 'states', instanceId: id }));
    await is('OUT_OF_SERVICE');
    expect(await ask('DELETE', `/apps/STATES/${id}/status`)).toMatchObject({ status: 200 });
    await is('UP');
    await renew('?status=DOWN');
    await is('DOWN');
    expect(await ask('DELETE', `/apps/STATES/${id}`)).toMatchObject({ status: 200 });
    expect(await ask('DELETE', `/apps/STATES/${id}`)).toMatchObject({ status: 404 });
    expect(await renew()).toMatchObject({ status: 404 });
  });

  it('changes metadata', async () => {
    await register(anInstance({ app: 'META', vipAddress: 'meta', instanceId: 'm-1' }));
    await ask('PUT', '/apps/META/m-1/metadata?version=2&zone=b');
    expect((await read('/apps/META/m-1')).instance.metadata).toEqual({
      'management.port': '8081',
      version: '2',
      zone: 'b',
    });
  });

  it('tells what has changed since, and how many there are in which status', async () => {
    const changed = async () => {
      const { application, apps__hashcode } = (await read('/apps/delta')).applications;
      const entries = (application as Application[]).flatMap(({ instance }) => instance);
      return { hash: apps__hashcode, seen: entries.map(({ instanceId, actionType }) => `${actionType} ${instanceId}`) };
    };
    await ask('GET', '/apps');
    const before = (await changed()).seen;
    const one = anInstance({ app: 'DELTA', vipAddress: 'delta', instanceId: 'd-1' });
    await register(one);
    expect((await changed()).seen).toEqual([...before, 'ADDED d-1']);
    await ask('PUT', '/apps/DELTA/d-1/status?value=OUT_OF_SERVICE');
    const { seen, hash } = await changed();
    expect(seen).toEqual([...before, 'ADDED d-1', 'MODIFIED d-1']);
    expect(hash).toMatch('OUT_OF_SERVICE_1_');
    await ask('DELETE', '/apps/DELTA/d-1');
    expect((await changed()).seen).toEqual([...before, 'ADDED d-1', 'MODIFIED d-1', 'DELETED d-1']);
    expect((await changed()).hash).toBe((await read('/apps')).applications.apps__hashcode);
  });

  it('keeps instances of two applications apart that have one id', async () => {
    for (const app of ['LEFT', 'RIGHT']) {
      await register(anInstance({ app, vipAddress: app.toLowerCase(), instanceId: 'same-host' }));
    }
    for (const app of ['LEFT', 'RIGHT']) {
      expect((await read(`/apps/${app}`)).application.instance).toMatchObject([{ instanceId: 'same-host' }]);
      expect(await ask('PUT', `/apps/${app}/same-host`)).toMatchObject({ status: 200 });
    }
    await ask('DELETE', '/apps/LEFT/same-host');
    expect(await statusOf('RIGHT', 'same-host')).toBe('UP');
  });

  it('refuses in one line what is no instance', async () => {
    const refused = async (body: string, app = 'ORDERS') => {
      const { status, text } = await ask('POST', `/apps/${app}`, body);
      expect(status).toBe(400);
      return text;
    };
    expect(await refused('{')).toBe('the body is neither JSON nor XML');
    expect(await refused('<a')).toBe('the body is no XML');
    expect(await refused('{}')).toMatch('instance');
    expect(await refused('{"instance":{}}')).toMatch('Missing application name');
    expect(await refused(JSON.stringify({ instance: anInstance({ app: 'a/../b' }) }))).toMatch('application name');
    expect(await refused(JSON.stringify({ instance: anInstance() }), 'OTHER')).toMatch('Mismatched application name');
    expect(await refused(JSON.stringify({ instance: anInstance({ port: { $: 70_000 } }) }))).toMatch('port');
    expect(await refused(JSON.stringify({ instance: { app: 'ORDERS' } }))).toMatch('Missing instanceId');
  });
});

interface Application {
  name: string;
  instance: { instanceId: string; actionType: string }[];
}
