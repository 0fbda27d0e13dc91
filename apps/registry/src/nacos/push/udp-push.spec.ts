import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, it } from 'vitest';
import { RegistryState } from '../../domain/registry-state.ts';
import { DEFAULT_CLUSTER, DEFAULT_GROUP, PUBLIC } from '../nacos-name.ts';
import { NacosServices } from '../nacos-services.ts';
import { UdpPush } from './udp-push.ts';

interface Push {
  type: string;
  lastRefTime: number;
  hosts: { port: number }[];
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function pushing(againMs: number) {
  const state = new RegistryState();
  const services = new NacosServices(state);
  const push = new UdpPush(state.changes, services, '127.0.0.1', againMs);
  closing.push(() => push.close());
  const named = (service: string) => ({ namespace: PUBLIC, group: DEFAULT_GROUP, service });
  return {
    push,
    subscribe: (address: string, port: number, service: string) =>
      push.subscribe(address, port, { name: named(service), clusters: '' }),
    register: (service: string, port: number, text = '') =>
      services.register(named(service), {
        ...{ ip: '10.0.0.1', port, cluster: DEFAULT_CLUSTER, weight: 1, metadata: { text } },
        ...{ enabled: true, healthy: true, ephemeral: true },
      }),
  };
}

/** Waits for pushes on a port of its own. */
async function listener({ acknowledges }: { acknowledges: boolean }) {
  const socket: Socket = createSocket('udp4').bind(0, '127.0.0.1');
  closing.push(() => socket.close());
  await once(socket, 'listening');
  const pushes: Push[] = [];
  socket.on('message', (packet, from) => {
    const plain = packet[0] === 0x1f ? gunzipSync(packet) : packet;
    const { type, lastRefTime, data } = JSON.parse(plain.toString());
    pushes.push({ type, lastRefTime, hosts: JSON.parse(data).hosts });
    const answer = JSON.stringify({ type: 'push-ack', lastRefTime: String(lastRefTime), data: '' });
    if (acknowledges) socket.send(answer, from.port, from.address);
  });
  return { port: socket.address().port, pushes };
}

it('pushes what has changed, changes that come together as one, and nothing to who did not ask for it', async () => {
  const { push, subscribe, register } = pushing(60_000);
  const { port, pushes } = await listener({ acknowledges: true });
  expect(await subscribe('127.0.0.1', port, 'orders')).toBe(true);
  register('others', 1);
  for (const at of [1, 2, 3]) register('orders', at, 'x'.repeat(1_000));
  await expect.poll(() => pushes.length).toBe(1);
  expect(pushes[0]).toMatchObject({ type: 'dom', hosts: [{ port: 1 }, { port: 2 }, { port: 3 }] });
  await expect.poll(() => push.unacknowledged).toBe(0);
  register('orders', 4);
  await expect.poll(() => pushes.length).toBe(2);
  expect(pushes[1]?.hosts).toHaveLength(4);
  expect(pushes[1]?.lastRefTime).toBeGreaterThan(pushes[0]?.lastRefTime ?? 0);
});

it('sends once more what is not acknowledged', async () => {
  const { push, subscribe, register } = pushing(100);
  const { port, pushes } = await listener({ acknowledges: false });
  await subscribe('::ffff:127.0.0.1', port, 'orders');
  register('orders', 1);
  await expect.poll(() => pushes.length).toBe(2);
  expect(pushes[1]).toEqual(pushes[0]);
  expect(push.unacknowledged).toBe(0);
});

it('lets those ask whom it cannot tell', async () => {
  const { push, subscribe } = pushing(100);
  expect(await subscribe('127.0.0.1', 0, 'orders')).toBe(false);
  expect(await subscribe('::1', 1, 'orders')).toBe(false);
  push.close();
  expect(await subscribe('127.0.0.1', 1, 'orders')).toBe(false);
});
