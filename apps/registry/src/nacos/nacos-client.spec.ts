import { NacosNamingClient } from 'nacos';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RegistryProcess } from '../testing/registry-process.ts';

const TOKEN = 'night-owl';
let open: RegistryProcess;
let closed: RegistryProcess;
beforeAll(async () => {
  [open, closed] = await Promise.all([RegistryProcess.start(), RegistryProcess.start({ REGISTRY_TOKEN: TOKEN })]);
}, 30_000);
afterAll(async () => {
  await Promise.all([open.stop(), closed.stop()]);
});

const silent = { warn() {}, info() {}, debug() {}, error() {} } as unknown as Console;
const clients: NacosNamingClient[] = [];
afterEach(async () => {
  for (const each of clients.splice(0)) await (each as unknown as { close(): Promise<void> }).close();
});

async function client(registry = open, more: object = {}): Promise<NacosNamingClient> {
  const made = new NacosNamingClient({ logger: silent, serverList: `127.0.0.1:${registry.port}`, ...more });
  // What it cannot reach it tells as an event; each test sees by itself what came of it.
  (made as unknown as NodeJS.EventEmitter).on('error', () => {});
  clients.push(made);
  await made.ready();
  return made;
}
const instance = (port: number, more: object = {}) => ({ ip: '127.0.0.1', port, ...more }) as never;
const ports = (hosts: readonly { port: number }[]) => hosts.map(({ port }) => port).sort();
const PUSHED = { timeout: 8_000 };

describe('npm nacos', { timeout: 30_000 }, () => {
  it('registers, finds, is told of others by UDP, and deregisters', async () => {
    const [one, two] = [await client(), await client()];
    await one.registerInstance('films', instance(7001, { metadata: { version: '7' }, weight: 2 }));
    const consul = await fetch(`${open.url}/v1/health/service/films?passing`);
    expect(await consul.json()).toMatchObject([
      { Service: { Address: '127.0.0.1', Port: 7001, Meta: { version: '7', 'rookery-weight': '2' } } },
    ]);
    expect(await two.selectInstances('films')).toMatchObject([{ ip: '127.0.0.1', port: 7001, healthy: true }]);
    const seen: number[][] = [];
    two.subscribe('films', (hosts) => seen.push(ports(hosts)));
    await expect.poll(() => seen.at(-1), PUSHED).toEqual([7001]);
    // The client itself asks a second later, then every ten seconds: what comes at once was pushed.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await one.registerInstance('films', instance(7002));
    await expect.poll(() => seen.at(-1), PUSHED).toEqual([7001, 7002]);
    await one.deregisterInstance('films', instance(7001));
    await expect.poll(() => seen.at(-1), PUSHED).toEqual([7002]);
    expect(await one.getServerStatus()).toBe('UP');
  });

  it('is told of many instances in one compressed push', async () => {
    const [one, two] = [await client(), await client()];
    await one.registerInstance('crowd', instance(1, { metadata: { text: 'x'.repeat(1_000) } }));
    const seen: number[] = [];
    two.subscribe('crowd', (hosts) => seen.push(hosts.length));
    await expect.poll(() => seen.at(-1), PUSHED).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await Promise.all(Array.from({ length: 20 }, (_, index) => one.registerInstance('crowd', instance(index + 2))));
    await expect.poll(() => seen.at(-1), PUSHED).toBe(21);
  });

  it('lives in its own namespace and group', async () => {
    const dev = await client(open, { namespace: 'dev' });
    await dev.registerInstance('apart', instance(1), 'G1');
    expect(await dev.getAllInstances('apart', 'G1', 'DEFAULT', false)).toHaveLength(1);
    expect(await dev.getAllInstances('apart', 'G2', 'DEFAULT', false)).toEqual([]);
    expect(await (await client()).getAllInstances('apart', 'G1', 'DEFAULT', false)).toEqual([]);
  });

  it('passes with the token as its password, and not without', async () => {
    const [right, wrong] = [
      await client(closed, { username: 'anybody', password: TOKEN }),
      await client(closed, { username: 'anybody', password: 'swordfish' }),
    ];
    await right.registerInstance('secret', instance(1));
    expect(await right.selectInstances('secret')).toHaveLength(1);
    await expect(wrong.registerInstance('secret', instance(2))).rejects.toThrow(/failed to req API/);
  });

  it('logs in as other clients do', async () => {
    const login = async (password: string, path = 'users/login') => {
      const body = new URLSearchParams({ username: 'anybody', password });
      const response = await fetch(`${closed.url}/nacos/v1/auth/${path}`, { method: 'POST', body });
      return { status: response.status, text: await response.text() };
    };
    const { text } = await login(TOKEN);
    const { accessToken, tokenTtl } = JSON.parse(text);
    expect(tokenTtl).toBeGreaterThan(0);
    const list = `${closed.url}/nacos/v1/ns/service/list?pageNo=1&pageSize=10`;
    expect((await fetch(`${list}&accessToken=${accessToken}`)).status).toBe(200);
    expect((await fetch(list)).status).toBe(403);
    expect(await login('swordfish', 'login')).toEqual({ status: 403, text: 'unknown user!' });
  });

  it('registers again by its heartbeat when the registry has lost it', async () => {
    const one = await client();
    await one.registerInstance('lost', instance(1, { metadata: { 'preserved.heart.beat.interval': '300' } }));
    const found = async () =>
      ((await (await fetch(`${open.url}/v1/health/service/lost?passing`)).json()) as object[]).length;
    const id = encodeURIComponent('127.0.0.1#1#DEFAULT#DEFAULT_GROUP@@lost');
    // The client begins with a heartbeat every five seconds, until an answer says otherwise.
    await expect.poll(async () => (await fetch(`${open.url}/v1/agent/service/${id}`)).status).toBe(200);
    expect((await fetch(`${open.url}/v1/agent/service/deregister/${id}`, { method: 'PUT' })).status).toBe(200);
    await expect.poll(found, { timeout: 20_000 }).toBe(1);
  });
});
