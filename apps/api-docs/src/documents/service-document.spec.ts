import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { documentOf, type FakeService, fakeService } from '../testing/fake-service.ts';
import { Gate } from './gate.ts';
import { ServiceDocument } from './service-document.ts';

const running: FakeService[] = [];
let nowMs = 0;

afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.close()));
});

async function start(answer: RequestListener, metadata?: Record<string, string>): Promise<FakeService> {
  const service = await fakeService('films', answer, metadata);
  running.push(service);
  return service;
}

const documentWith = (limits: { timeoutMs?: number; maxBytes?: number } = {}): ServiceDocument =>
  new ServiceDocument({
    limits: { timeoutMs: 5_000, maxBytes: 100_000, ...limits },
    freshMs: 1_000,
    gate: new Gate(2),
    nowMs: () => nowMs,
    issuer: 'http://127.0.0.1:8080/auth',
  });

/** Lets what is stale be read again, and waits until that has happened. */
async function readAgain(document: ServiceDocument, done: () => boolean): Promise<void> {
  nowMs += 1_000;
  await document.refresh();
  await expect.poll(done, { interval: 5 }).toBe(true);
}

describe('the document of a service', () => {
  it('is read from an instance, once while it is fresh', async () => {
    const films = await start(documentOf('Films'));
    const document = documentWith();
    document.instancesChanged([films.instance]);
    await Promise.all([document.refresh(), document.refresh()]);
    await document.refresh();
    expect(document.state).toEqual({ state: 'ok' });
    expect(document.served).toMatchObject({ title: 'Films', version: '1.2.3' });
    expect(JSON.parse(document.served?.body ?? '').servers).toEqual([{ url: '/' }]);
    expect(films.requests()).toBe(1);
  });

  it('is asked for with its tag when it went stale, and kept when it is the same', async () => {
    const tags: Array<string | undefined> = [];
    const films = await start((request, response) => {
      tags.push(request.headers['if-none-match']);
      if (request.headers['if-none-match'] === '"a"') response.writeHead(304).end();
      else documentOf('Films')(request, response.setHeader('etag', '"a"') as typeof response);
    });
    const document = documentWith();
    document.instancesChanged([films.instance]);
    await document.refresh();
    const { etag } = document.served ?? {};
    await readAgain(document, () => tags.length === 2);
    expect(tags).toEqual([undefined, '"a"']);
    expect(document.served?.etag).toBe(etag);
    expect(document.state).toEqual({ state: 'ok' });
  });

  it('is read again at once when an instance comes', async () => {
    const old = await start(documentOf('Old'));
    const young = await start(documentOf('New'));
    const document = documentWith();
    document.instancesChanged([old.instance]);
    await document.refresh();
    document.instancesChanged([young.instance]);
    await expect.poll(() => document.served?.title).toBe('New');
  });

  it('comes from another instance when the first one fails', async () => {
    const broken = await start((_request, response) => response.writeHead(500).end('stack trace'));
    const well = await start(documentOf('Films'));
    const document = documentWith();
    document.instancesChanged([broken.instance, well.instance]);
    await document.refresh();
    expect(document.state).toEqual({ state: 'ok' });
  });

  it('stays the last good one while the service cannot be reached, and says so', async () => {
    const films = await start(documentOf('Films'));
    const document = documentWith();
    document.instancesChanged([films.instance]);
    await document.refresh();
    await films.close();
    await readAgain(document, () => document.state.state === 'unreachable');
    expect(document.state).toMatchObject({ code: 'DOCS_UNREACHABLE' });
    expect(document.served?.title).toBe('Films');
  });

  it.each<[string, RequestListener]>([
    ['DOCS_TIMEOUT', () => {}],
    ['DOCS_TIMEOUT', (_request, response) => response.writeHead(200).write('{')],
    ['DOCS_STATUS', (_request, response) => response.writeHead(404).end()],
    ['DOCS_STATUS', (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['DOCS_TOO_LARGE', (_request, response) => response.end(Buffer.alloc(200_000, 32))],
    ['DOCS_NOT_OPENAPI', (_request, response) => response.end('<html>')],
    ['DOCS_UNREACHABLE', (request) => request.socket.destroy()],
  ])('is unreachable with its reason: %s', async (code, answer) => {
    const films = await start(answer);
    const document = documentWith({ timeoutMs: 150 });
    document.instancesChanged([films.instance]);
    await document.refresh();
    expect(document.state).toMatchObject({ state: 'unreachable', code });
    expect(document.served).toBeUndefined();
  });

  it.each(['http://169.254.169.254/', '//elsewhere/openapi.json', 'openapi.json', '/\\elsewhere/x'])(
    'is never fetched from an address that an instance makes up: %s',
    async (openapi) => {
      const films = await start(documentOf('Films'), { openapi });
      const document = documentWith();
      document.instancesChanged([films.instance]);
      await document.refresh();
      expect(document.state).toMatchObject({ state: 'unreachable', code: 'DOCS_BAD_PATH' });
      expect(films.requests()).toBe(0);
    },
  );

  it('is none where the instances name no document', async () => {
    const films = await start(documentOf('Films'), {});
    const document = documentWith();
    document.instancesChanged([films.instance]);
    await document.refresh();
    expect(document.state).toEqual({ state: 'none' });
  });
});
