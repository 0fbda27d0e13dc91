import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { createRegistry } from '@rookery/discovery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RegistryProcess } from '../testing/registry-process.ts';

let registry: RegistryProcess;
beforeAll(async () => {
  registry = await RegistryProcess.start({ REGISTRY_TOKEN: 'owl' });
}, 30_000);
afterAll(() => registry.stop());

function upgrade(path: string, headers: Record<string, string>) {
  const asked = request({
    host: '127.0.0.1',
    port: registry.port,
    path,
    headers: { connection: 'Upgrade', ...headers },
  });
  asked.end();
  return Promise.race([
    once(asked, 'upgrade').then(([, socket]) => socket as Socket),
    once(asked, 'response').then(([response]) => response.resume().statusCode as number),
  ]);
}
const own = { upgrade: 'rookery-heartbeats', 'x-consul-token': 'owl' };
const register = (name: string, ttl: string) =>
  fetch(`${registry.url}/v1/agent/service/register`, {
    method: 'PUT',
    headers: { 'x-consul-token': 'owl' },
    body: JSON.stringify({ Name: name, Check: { TTL: ttl, Status: 'passing' } }),
  });
const statusOf = async (name: string) => {
  const answer = await fetch(`${registry.url}/v1/health/checks/${name}?token=owl`);
  return ((await answer.json()) as { Status: string }[])[0]?.Status;
};

describe('a stream of heartbeats', () => {
  it('is told of at registration, and keeps checks passing, one answer for each line', async () => {
    const answer = await register('streamed', '1s');
    const path = answer.headers.get('x-rookery-heartbeats') ?? '';
    const socket = (await upgrade(path, own)) as Socket;
    let answers = '';
    socket.on('data', (data: Buffer) => {
      answers += data.toString();
    });
    await expect.poll(() => statusOf('streamed'), { timeout: 5_000 }).toBe('critical');
    socket.write('service:streamed\nservice:nobody\nservice:str');
    await expect.poll(() => answers).toMatch(/^(3[5-9]\d|4\d\d|500)\n0\n$/);
    expect(await statusOf('streamed')).toBe('passing');
    socket.write('eamed\n');
    await expect.poll(() => answers.split('\n')).toHaveLength(4);
    socket.write('x'.repeat(300));
    await once(socket, 'close');
  });

  it('is opened with a token only, and at its own path only', async () => {
    const { 'x-consul-token': _token, ...anonymous } = own;
    expect(await upgrade('/v1/rookery/heartbeats', anonymous)).toBe(403);
    expect(await upgrade('/v1/elsewhere', own)).toBe(404);
  });

  it('leaves other protocols alone: who offers h2c is answered by HTTP/1.1', async () => {
    expect(await upgrade('/v1/catalog/services', { ...own, upgrade: 'h2c' })).toBe(200);
  });

  it('is what our driver uses, and what a registry that stops does not wait for', async () => {
    const client = await createRegistry(`consul://127.0.0.1:${registry.port}?token=owl`);
    const instance = { id: 's-1', service: 's', address: '10.0.0.1', port: 80, weight: 1, metadata: {} };
    await client.register(instance, { leaseMs: 600 });
    const registeredAtMs = performance.now();
    await expect.poll(() => performance.now() - registeredAtMs, { timeout: 5_000 }).toBeGreaterThan(1_500);
    expect(await statusOf('s')).toBe('passing');
    const metrics = await (await fetch(`${registry.url}/metrics`)).text();
    expect(metrics).toContain('/v1/agent/service/register');
    expect(metrics).not.toContain('/v1/agent/check/pass');
    const startedAtMs = performance.now();
    expect(await registry.end('SIGTERM')).toBe(0);
    expect(performance.now() - startedAtMs).toBeLessThan(8_000);
    await client.close();
  });
});
