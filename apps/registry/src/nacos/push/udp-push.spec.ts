import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RegistryProcess } from '../../testing/registry-process.ts';

interface Push {
  type: string;
  lastRefTime: number;
  hosts: { port: number }[];
  /** Answers it, as clients do. */
  acknowledge(): void;
}

let registry: RegistryProcess;
const sockets: Socket[] = [];
beforeAll(async () => {
  registry = await RegistryProcess.start();
}, 30_000);
afterAll(async () => {
  for (const socket of sockets) socket.close();
  await registry.stop();
});

/** Waits for pushes on a port of its own. */
async function listener(host = '127.0.0.1') {
  const socket = createSocket('udp4').bind(0, host);
  sockets.push(socket);
  await once(socket, 'listening');
  const pushes: Push[] = [];
  socket.on('message', (packet, from) => {
    const plain = packet[0] === 0x1f ? gunzipSync(packet) : packet;
    const { type, lastRefTime, data } = JSON.parse(plain.toString());
    const acknowledge = () =>
      socket.send(
        JSON.stringify({ type: 'push-ack', lastRefTime: String(lastRefTime), data: '' }),
        from.port,
        from.address,
      );
    pushes.push({ type, lastRefTime, hosts: JSON.parse(data).hosts, acknowledge });
  });
  return { port: socket.address().port, pushes };
}
const nacos = async (method: string, path: string) =>
  (await fetch(`${registry.url}/nacos/v1/ns/instance${path}`, { method })).text();
const subscribe = async (service: string, udpPort: number, clientIP = '127.0.0.1') =>
  JSON.parse(await nacos('GET', `/list?serviceName=${service}&udpPort=${udpPort}&clientIP=${clientIP}&clusters=`));
const register = (service: string, port: number) => nacos('POST', `?serviceName=${service}&ip=10.0.0.1&port=${port}`);

it('pushes what has changed, once more where it is not acknowledged, and to nobody who did not ask', {
  timeout: 30_000,
}, async () => {
  const [deaf, good] = [await listener(), await listener()];
  expect((await subscribe('orders', good.port)).cacheMillis).toBe(10_000);
  await subscribe('orders', deaf.port);
  await register('orders', 1);
  await expect.poll(() => good.pushes.length).toBe(1);
  good.pushes[0]?.acknowledge();
  expect(good.pushes[0]).toMatchObject({ type: 'dom', hosts: [{ port: 1 }] });
  await expect.poll(() => deaf.pushes.length, { timeout: 10_000 }).toBe(2);
  expect(deaf.pushes[1]?.lastRefTime).toBe(deaf.pushes[0]?.lastRefTime);
  expect(good.pushes).toHaveLength(1);
  await register('others', 1);
  await Promise.all([register('orders', 2), register('orders', 3)]);
  await expect.poll(() => good.pushes.at(-1)?.hosts.length, { timeout: 10_000 }).toBe(3);
  const sent = good.pushes.map(({ lastRefTime }) => lastRefTime);
  expect(sent).toEqual([...sent].sort());
});

it('tells the address that asked, and no other that it names', { timeout: 30_000 }, async () => {
  const [asking, named] = [await listener(), await listener('127.0.0.2')];
  await subscribe('named', named.port, '127.0.0.2');
  await subscribe('named', asking.port);
  await register('named', 1);
  await expect.poll(() => asking.pushes.length).toBe(1);
  expect(named.pushes).toEqual([]);
  expect((await subscribe('named', 0)).cacheMillis).toBe(3_000);
});
