import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';

const message = (url: string) =>
  createRegistry(url).then(
    () => '',
    (error: Error) => error.message,
  );

describe('createRegistry', () => {
  it('refuses what it cannot use in one sentence that names DISCOVERY_URL', async () => {
    expect(await message('gopher://host')).toBe(
      'DISCOVERY_URL is "gopher://host", whose scheme no driver serves; known are consul://host:8500, ' +
        'http://host:8500 (Consul API), etcd://host:2379, zookeeper://host:2181, ' +
        'eureka+http://host:8761/eureka, nacos://host:8848, kubernetes://, dns://10.0.0.53?http=… and static:orders=host:3000+4000.',
    );
    expect(await message('localhost')).toMatch(/^DISCOVERY_URL is "localhost", whose scheme/);
    expect(await message('consul://')).toMatch(/^DISCOVERY_URL is "consul:\/\/", which cannot be used/);
    expect(await message('consul://host?wiat=1s')).toMatch('"wiat" is not one of token, dc, wait, ca-file');
    expect(await message('consul://host?wait=soon')).toMatch('wait is "soon"');
    expect(await message('static:orders')).toMatch('"orders" is not of the form name=host:port+grpcPort');
    expect(await message('static:orders=host:99999')).toMatch('a port outside 1 to 65535');
  });

  it('never shows a token', async () => {
    expect(await message('consul://host?token=swordfish&wait=soon')).not.toMatch('swordfish');
  });

  it('does not connect by itself; the first call says that nobody is there', async () => {
    const registry = await createRegistry('consul://127.0.0.1:1');
    await expect(registry.services()).rejects.toMatchObject({
      code: 'DISCOVERY_UNREACHABLE',
      message: 'The registry at 127.0.0.1:1 (DISCOVERY_URL) does not answer: connection refused.',
    });
    await registry.close();
  });
});

describe('the static list', () => {
  it('is what the URL says, with both ports and several instances', async () => {
    const registry = await createRegistry('static:catalog=127.0.0.1:3000+4000, orders=10.0.0.7:80,orders=[::1]:81');
    expect(await registry.services()).toEqual(['catalog', 'orders']);
    expect(await registry.instances('catalog')).toMatchObject([{ address: '127.0.0.1', port: 3000, grpcPort: 4000 }]);
    expect(await registry.instances('orders')).toMatchObject([
      { address: '10.0.0.7', port: 80 },
      { address: '::1', port: 81 },
    ]);
    expect(await registry.instances('nobody')).toEqual([]);
  });

  it('tells a watcher once, and takes registrations without effect', async () => {
    const registry = await createRegistry('static:catalog=127.0.0.1:3000');
    const seen: number[] = [];
    const watch = registry.watch('catalog', (instances) => seen.push(instances.length));
    await watch.ready;
    const [instance] = await registry.instances('catalog');
    if (instance) await (await registry.register({ ...instance, id: 'other' })).release();
    expect([seen, watch.current.length]).toEqual([[1], 1]);
  });
});
