import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, type KubernetesServer, startOwnKubernetes } from '@rookery/servers';
import { afterAll, describe, expect, it } from 'vitest';
import { openConfigSource } from '../open-sources.ts';
import { pushingSourceContract } from '../testing/contract.ts';
import { parseKubernetesUrl } from './kubernetes/kubernetes-url.ts';

const cluster = await startOwnKubernetes();
const home = await mkdtemp(join(tmpdir(), 'rookery-configmap-'));
afterAll(async () => {
  await cluster?.stop();
  await rm(home, { recursive: true });
});

describe.skipIf(!cluster)('a ConfigMap on a real kube-apiserver', () => {
  const server = cluster as KubernetesServer;
  const tokenFile = join(home, 'token');
  let service = 'orders-0';
  let maps = 0;
  const urlOf = (port: string | number, more = '') =>
    `kubernetes://127.0.0.1:${port}?namespace=default&wait=5s&token-file=${tokenFile}&ca-file=${server.caFile}${more}`;
  const open = (url: string) => openConfigSource({ url, service, home, waitMs: 500 });
  const own = () => urlOf(new URL(server.url).port);

  const ask = (method: string, path: string, body?: object) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' };
    request(
      `${server.url}/api/v1/namespaces/default/configmaps${path}`,
      { method, headers, ca: server.ca, agent: false, timeout: 10_000 },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
      },
    )
      .once('error', reject)
      .end(body && JSON.stringify(body));
    return promise;
  };
  const put = async (data: Record<string, string>) => {
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: service }, data };
    const status = await ask('PUT', `/${service}`, map);
    const made = status === 404 ? await ask('POST', '', map) : status;
    if (made >= 300) throw new Error(`the ConfigMap was answered with ${made}`);
  };

  pushingSourceContract('kubernetes', async () => {
    await writeFile(tokenFile, server.token);
    const [deadPort] = await freePorts(1);
    return {
      open: () => open(own()),
      openUnreachable: () => open(urlOf(deadPort ?? 1)),
      nextKey: async () => {
        service = `orders-${++maps}`;
      },
      publish: (settings) => put({ 'settings.json': JSON.stringify(settings) }),
      stop: () => server.kill(),
      start: () => server.start(),
      close: async () => {},
    };
  });

  it('lays its keys over one another in the order of their names, and is empty when it is deleted', async () => {
    await put({ '20-site.toml': 'a = 2\n[b]\nc = 2\n', '10-base.yaml': 'a: 1\nb: { c: 1, d: 1 }' });
    const source = await open(own());
    expect((await source.load()).settings).toEqual({ a: 2, b: { c: 2, d: 1 } });
    let now: unknown;
    source.watch?.(({ settings }) => {
      now = settings;
    });
    await ask('DELETE', `/${service}`);
    await expect.poll(() => now, { timeout: 10_000 }).toEqual({});
    await source.close();
  });

  it('is refused in one sentence to a service account that may not read it', async () => {
    await writeFile(tokenFile, 'nobody');
    const source = await open(own());
    await expect(source.load()).rejects.toMatchObject({
      code: 'CONFIG_REFUSED',
      message: expect.stringContaining('may the service account get and watch them?'),
    });
    await source.close();
    await writeFile(tokenFile, server.token);
  });
});

describe('kubernetes:// as CONFIG_URL', () => {
  it('finds the API server of its pod', () => {
    const pod = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
    expect(parseKubernetesUrl('kubernetes://', pod)).toMatchObject({ host: '10.96.0.1', port: 443, secure: true });
    expect(() => parseKubernetesUrl('kubernetes://', {})).toThrow(/does not run in a pod/);
  });

  it.each(['kubernetes://h:1?wait=1m', 'kubernetes://h:1?nmae=x'])('%s is refused', (url) => {
    expect(() => parseKubernetesUrl(url)).toThrow(/CONFIG_URL/);
  });
});
