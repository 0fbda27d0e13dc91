import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRegistry } from '../create-registry.ts';
import { type ClientOptions, registryContract } from '../testing/contract.ts';
import { anInstance, idsOf, serviceName, until } from '../testing/fixtures.ts';
import { tlsOf } from '../testing/server-under-contract.ts';
import { ApiDouble } from './kubernetes/testing/api-double.ts';
import { publishSlice } from './kubernetes/testing/publish-slice.ts';

const urlOf = (host: string, port: number, parameters = '', { tls, namespace = 'nest' }: ClientOptions = {}) => {
  const { suffix, parameters: ca } = tlsOf({ ...(tls ? { tls } : {}) }, '');
  const scheme = tls ? `kubernetes${suffix}` : 'kubernetes+http';
  const token = tls ? `&token-file=/dev/null` : '';
  return `${scheme}://${host}:${port}?namespace=${namespace}&wait=1s${parameters}${ca}${token}`;
};

registryContract('Kubernetes, on a double of its API', {
  cannot: ['register', 'metadata', 'weight', 'lease', 'credentials', 'namespace'],
  instanceAddress: '10.1.2.3',
  async start() {
    const api = new ApiDouble();
    await api.start();
    const address = { host: '127.0.0.1', port: api.port };
    return {
      address,
      createRegistry: ({ host, port } = address, options = {}) => createRegistry(urlOf(host, port, '', options)),
      publish: (instance) => publishSlice({ url: `http://127.0.0.1:${api.port}`, namespace: 'nest' }, instance),
      async restartServer(whileDown) {
        await api.kill();
        await whileDown?.();
        await api.start();
      },
      stop: () => api.kill(),
    };
  },
});

describe('kubernetes://', () => {
  const api = new ApiDouble();
  beforeAll(() => api.start());
  afterAll(() => api.kill());
  const publish = (instance: Parameters<typeof publishSlice>[1]) =>
    publishSlice({ url: `http://127.0.0.1:${api.port}`, namespace: 'nest' }, instance);

  it('lists anew when the server no longer keeps the version of its watch (410 Gone)', async () => {
    const registry = await createRegistry(urlOf('127.0.0.1', api.port));
    const service = serviceName();
    const watch = registry.watch(service, () => {});
    await watch.ready;
    const lists = () => api.requests.filter((request) => request.startsWith('GET') && !request.includes('watch=true'));
    const before = lists().length;
    const first = anInstance({ service });
    await publish(first);
    await until('it is seen', () => watch.current.length === 1);
    expect(lists()).toHaveLength(before);
    await publish(anInstance({ service: serviceName() }));
    api.compact();
    await publish(anInstance({ service, id: `${service}-2` }));
    await until('the change arrives', () => watch.current.length === 2);
    expect(idsOf(watch.current)).toEqual([first.id, `${service}-2`]);
    await registry.close();
  });

  it('asks for all watched services with one watch', async () => {
    const registry = await createRegistry(urlOf('127.0.0.1', api.port, '&selector=team%3Dnone'));
    const watches = [1, 2, 3].map(() => registry.watch(serviceName(), () => {}));
    await Promise.all(watches.map(({ ready }) => ready));
    const ours = () => api.requests.filter((request) => request.includes('team%3Dnone'));
    await until('it watches', () => ours().length >= 2);
    expect(ours().filter((request) => !request.includes('watch=true'))).toHaveLength(1);
    await registry.close();
  });

  it('says what is wrong with its URL, and what a pod without a token lacks', async () => {
    await expect(createRegistry('kubernetes://')).rejects.toMatchObject({ code: 'DISCOVERY_BAD_URL' });
    await expect(createRegistry('kubernetes://x?ns=y')).rejects.toThrow('"ns" is not one of namespace');
    await expect(createRegistry('kubernetes://x?wait=0s')).rejects.toThrow('wait is "0s"');
    const registry = await createRegistry('kubernetes://127.0.0.1:1?token-file=/nowhere/token');
    await expect(registry.services()).rejects.toMatchObject({
      code: 'DISCOVERY_REFUSED',
      message: expect.stringContaining('automountServiceAccountToken'),
    });
    await registry.close();
  });
});
