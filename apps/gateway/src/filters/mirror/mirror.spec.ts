import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { type Rig, startRig, until } from '../../testing/rig.ts';

let rig: Rig;
const copies: { request: IncomingMessage; body: string }[] = [];
afterEach(() => rig?.close());

async function mirrored(settings: Record<string, unknown> = {}, answers = true): Promise<void> {
  copies.length = 0;
  rig = await startRig({
    routes: [
      {
        id: 'all',
        path: '/api/**',
        service: 'catalog',
        filters: [
          { name: 'strip-prefix', segments: 1 },
          { name: 'mirror', service: 'catalog-next', ...settings },
        ],
      },
    ],
  });
  const original = await rig.upstream(async (request, response) => response.end(`original ${await text(request)}`));
  const copy = await rig.upstream(async (request, response) => {
    copies.push({ request, body: await text(request) });
    if (answers) response.writeHead(500).end('copy');
  });
  rig.registry.set('catalog', original.port);
  rig.registry.set('catalog-next', copy.port);
}

const ask = async (body?: string) => {
  const init = body === undefined ? {} : { method: 'POST', body };
  const response = await fetch(`${rig.url}/api/films?a=b`, { ...init, headers: { 'x-mine': 'one' } });
  return `${response.status} ${await response.text()}`;
};

it('a copy goes to the other service as the filters have left it, and its answer to nobody', async () => {
  await mirrored();
  expect(await ask()).toBe('200 original ');
  await until('the copy is there', () => copies.length === 1);
  expect(copies[0]?.request).toMatchObject({ method: 'GET', url: '/films?a=b' });
  expect(copies[0]?.request.headers).toMatchObject({
    'x-mine': 'one',
    'x-mirrored': 'true',
    'x-forwarded-for': '127.0.0.1',
    traceparent: expect.stringMatching(/^00-/),
  });
});

it('a body is copied, one that is too long is not', async () => {
  await mirrored({ maxBodyBytes: 10 });
  expect(await ask('short')).toBe('200 original short');
  await until('the copy is there', () => copies.length === 1);
  expect(copies[0]?.body).toBe('short');
  expect(await ask('longer than that')).toBe('200 original longer than that');
  expect(await ask('again')).toBe('200 original again');
  await until('the next copy is there', () => copies.length === 2);
  expect(copies[1]?.body).toBe('again');
});

it('a service that hangs, or is not there, changes nothing, and gets so many copies at once and no more', async () => {
  await mirrored({ maxInFlight: 3 }, false);
  const answers = await Promise.all(Array.from({ length: 30 }, () => ask()));
  expect(answers.every((answer) => answer === '200 original ')).toBe(true);
  await until('three copies are there', () => copies.length === 3);
  rig.registry.set('catalog-next');
  expect(await ask()).toBe('200 original ');
});

it('so many copies at once and no more, also of bodies that all end at the same moment', async () => {
  await mirrored({ maxInFlight: 3 }, false);
  const uploads = Array.from({ length: 20 }, () => {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    void writer.write(Buffer.from('be'));
    const answer = fetch(`${rig.url}/api/films`, { method: 'POST', body: readable, duplex: 'half' } as RequestInit);
    return { writer, answer };
  });
  await until('all are under way', () => rig.gateway.inFlight === 20);
  for (const { writer } of uploads) void writer.close();
  const answers = await Promise.all(uploads.map(async ({ answer }) => (await answer).text()));
  expect(answers).toEqual(Array(20).fill('original be'));
  await until('three copies are there', () => copies.length === 3);
  expect(await ask()).toBe('200 original ');
  expect(copies).toHaveLength(3);
});

it('a share of the requests is copied', async () => {
  await mirrored({ percent: 0 });
  await Promise.all(Array.from({ length: 20 }, () => ask()));
  expect(copies).toHaveLength(0);
});
