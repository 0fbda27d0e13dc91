import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeOf, readValue, secretVerbs } from './secrets.ts';

describe('rookery config', () => {
  const asked: { url: string | undefined; authorization: string | undefined; body: unknown }[] = [];
  let server: Server;
  let answer: { status: number; body: unknown };
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const body = JSON.parse((await request.toArray()).join(''));
      asked.push({ url: request.url, authorization: request.headers.authorization, body });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  afterAll(() => new Promise((closed) => server.close(closed)));
  const verbs = () =>
    secretVerbs('', { CONFIG_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, CONFIG_TOKEN: 'abc' });

  it('names a key by its service, with environment and group where they are not default', () => {
    expect(placeOf('orders')).toEqual({ environment: 'default', group: 'default', service: 'orders' });
    expect(placeOf('prod/orders')).toEqual({ environment: 'prod', group: 'default', service: 'orders' });
    expect(placeOf('prod/eu/orders')).toEqual({ environment: 'prod', group: 'eu', service: 'orders' });
    for (const wrong of ['', '/orders', 'a/b/c/d', 'prod/']) expect(() => placeOf(wrong)).toThrow('is no key');
  });

  it('has the centre encrypt a value for its path', async () => {
    answer = { status: 200, body: { values: { 'db.password': '{cipher}k1.a.b' } } };
    expect(await (await verbs()).encrypt('prod/orders', 'db.password', 's3cret')).toBe('{cipher}k1.a.b');
    expect(asked.at(-1)).toEqual({
      url: '/api/config-center/settings/prod/default/orders/encrypt',
      authorization: 'Bearer abc',
      body: { values: { 'db.password': 's3cret' } },
    });
  });

  it('shows what a rotation did, and what it left', async () => {
    const [rotated, skipped] = [
      { group: 'default', service: 'orders', version: 8 },
      { group: 'eu', service: 'mail' },
    ];
    answer = { status: 200, body: { key: 'k2', rotated: [rotated], skipped: [{ ...skipped, reason: 'grey' }] } };
    const text = await (await verbs()).rotate('prod', true);
    expect(text).toContain('version 8');
    expect(text).toContain('left as it is: grey');
    expect(asked.at(-1)?.url).toBe('/api/config-center/environments/prod/rotate-keys?dryRun=true');
  });

  it('says why the centre refuses, in its words', async () => {
    answer = { status: 422, body: { detail: 'The centre has no key ring.' } };
    await expect((await verbs()).encrypt('orders', 'a', 'b')).rejects.toThrow('The centre has no key ring.');
  });

  it('reads a value from the standard input, without its last line end', async () => {
    expect(await readValue(Readable.from(['s3', 'cret\n']))).toBe('s3cret');
    await expect(readValue(Readable.from(['\n']))).rejects.toThrow('nothing came');
  });
});
