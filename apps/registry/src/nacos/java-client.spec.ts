import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasSpringCloud, type JavaNaming, startJavaNaming } from '@rookery/servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RegistryProcess } from '../testing/registry-process.ts';

const TOKEN = 'night-owl';
const STARTED = { timeout: 60_000 };
const PUSHED = { timeout: 8_000 };

describe.skipIf(!hasSpringCloud).each([
  { client: 'alibaba', title: '1.4, over HTTP' },
  { client: 'nacos', title: '3.0, over gRPC' },
] as const)("Java's own client of Nacos ($title)", { timeout: 120_000 }, ({ client }) => {
  let registry: RegistryProcess;
  let java: JavaNaming;
  const ask = (method: string, path: string) =>
    fetch(registry.url + path, { method, headers: { authorization: `Bearer ${TOKEN}` } });
  const film = (method: string, port: number) =>
    ask(method, `/nacos/v1/ns/instance?serviceName=films&ip=127.0.0.1&port=${port}&ephemeral=true`);
  const passing = async () => {
    const entries = await (await ask('GET', '/v1/health/service/javas?passing')).json();
    return entries as { Service: { Address: string; Port: number; CreateIndex: number; Meta: object } }[];
  };
  beforeAll(async () => {
    registry = await RegistryProcess.start({ REGISTRY_TOKEN: TOKEN, REGISTRY_NACOS_GRPC: 'on' });
    await film('POST', 7001);
    java = startJavaNaming(`127.0.0.1:${registry.port}`, {
      client,
      password: TOKEN,
      service: 'javas',
      watched: 'films',
    });
  }, 60_000);
  afterAll(async () => {
    await java?.stop();
    await registry?.stop();
  });

  it('logs in with the token, and registers', async () => {
    const own = { Service: { Address: '127.0.0.1', Port: 7100, Meta: { language: 'Java' } } };
    await expect.poll(passing, STARTED).toMatchObject([own]);
  });

  it('is told of others', async () => {
    await expect.poll(() => java.told().at(-1), { ...STARTED, message: java.output() }).toBe('7001');
    // It asks by itself a second later, then every ten seconds: what comes at once was pushed.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await film('POST', 7002);
    await expect.poll(() => java.told().at(-1), PUSHED).toBe('7001,7002');
    await film('DELETE', 7001);
    await expect.poll(() => java.told().at(-1), PUSHED).toBe('7002');
  });

  it('registers again when the registry has lost it, and is called no more once it is killed', async () => {
    const before = (await passing())[0]?.Service.CreateIndex ?? 0;
    await registry.end('SIGKILL');
    await rm(join(registry.home, 'registry'), { recursive: true });
    await registry.start();
    const again = async () => (await passing())[0]?.Service.CreateIndex ?? 0;
    await expect.poll(again, { timeout: 40_000 }).toBeGreaterThan(before);
    await java.stop();
    await expect.poll(passing, { timeout: 20_000 }).toEqual([]);
  });
});
