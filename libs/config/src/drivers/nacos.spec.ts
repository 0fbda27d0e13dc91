import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { openConfigSource } from '../open-sources.ts';

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
  it('says at the first read which versions it works with, where the server is newer', async () => {
    for (const [status, body] of [
      [200, '{"version":"3.0.2"}'],
      [410, 'gone'],
    ] as const) {
      await expect(load(await startState(status, body))).rejects.toThrow(
        /^The server at http:\/\/127.* \(CONFIG_URL\) refused to be read: it is .*3.* no open API v1; use Nacos 1 or 2/,
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
