import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, hasNacos, type NacosServer, startNacos } from '@rookery/servers';
import { afterAll, describe, expect, it } from 'vitest';
import { openConfigSource } from '../open-sources.ts';
import { pushingSourceContract } from '../testing/contract.ts';

/** A JVM that has just started, on a busy machine. */
const PATIENCE = { pushedMs: 5_000, startMs: 120_000 };

/** What a Nacos of some version says of itself. */
async function startState(status: number, body: string): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => server.close());
  return `nacos://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const load = async (url: string) => {
  const source = await openConfigSource({ url, service: 'orders', home: tmpdir(), waitMs: 500 });
  return source.load().finally(() => source.close());
};

describe('the Nacos driver', () => {
  it('asks by gRPC where the server has no open API v1, and says so when that does not answer', async () => {
    for (const [status, body] of [
      [200, '{"version":"3.0.2"}'],
      [410, 'gone'],
    ] as const) {
      await expect(load(await startState(status, body))).rejects.toThrow(
        /^The settings at 127.* \(CONFIG_URL\) cannot be read: .* \(gRPC is 1000 ports above\)/,
      );
    }
  });

  it('says what is wrong with its URL', async () => {
    await expect(load('nacos://host?grupp=a')).rejects.toThrow('"grupp" is not one of group, data-id, wait');
    await expect(load('apollo+http://host?secret=hunter2&x=1')).rejects.not.toThrow('hunter2');
    await expect(load('spring+http://user:hunter2@host?poll=soon')).rejects.not.toThrow('hunter2');
    await expect(load('spring+http://user:hunter2@host?poll=soon')).rejects.toThrow('poll is "soon"');
  });
});

describe.skipIf(!hasNacos)('on a real Nacos 3', () => {
  let server: NacosServer;
  let home: string;
  let service = 'orders-0';
  let keys = 0;
  const open = (url: string) => openConfigSource({ url, service, home, waitMs: 500 });
  /** Nacos shows a little later what it took. */
  const publish = async (content: string): Promise<void> => {
    const document = { dataId: `${service}.yaml`, groupName: 'DEFAULT_GROUP', namespaceId: 'public' };
    await server.administer('POST', '/v3/admin/cs/config', { ...document, type: 'yaml', content });
    const shown = () => server.administer('GET', '/v3/client/cs/config', document).catch(() => undefined);
    await expect.poll(shown, { timeout: 10_000, interval: 20 }).toMatchObject({ content });
  };

  pushingSourceContract(
    'nacos',
    async () => {
      const [deadPort] = await freePorts(1);
      home = await mkdtemp(join(tmpdir(), 'rookery-nacos-'));
      server = (await startNacos()) as NacosServer;
      return {
        open: () => open(`${server.url}?wait=2s`),
        openUnreachable: () => open(`nacos://127.0.0.1:${deadPort}`),
        nextKey: async () => {
          service = `orders-${++keys}`;
        },
        publish: (settings) => publish(JSON.stringify(settings)),
        stop: () => server.kill(),
        start: () => server.start(),
        close: async () => {
          await server.stop();
          await rm(home, { recursive: true });
        },
      };
    },
    PATIENCE,
  );
});
