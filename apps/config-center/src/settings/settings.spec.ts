import 'reflect-metadata';
import { startPostgres } from '@rookery/servers';
import type { RunningService } from '@rookery/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, issuer, newKey, startReplica } from '../testing/centre.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(!postgres)('settings in the configuration centre', () => {
  let centre: RunningService;
  const at = (path: string) => centre.urls.http + path;

  beforeAll(async () => {
    process.env.DATABASE_URL = await postgres?.createDatabase('config');
    centre = await startReplica();
  }, 30_000);
  afterAll(() => centre?.close());

  it('are version 0 and {} before the first release', async () => {
    expect(await call(at(newKey()))).toMatchObject({ status: 200, etag: '"0"', body: { version: 0, settings: {} } });
  });

  it('are published and read with a version that counts up and is the ETag', async () => {
    const key = at(newKey());
    const first = await call(`${key}?author=eve&comment=more%20items`, 'PUT', { limits: { maxItems: 5 } });
    expect(first).toMatchObject({
      status: 200,
      etag: '"1"',
      body: { version: 1, author: 'ada', comment: 'more items' },
    });
    await call(key, 'PUT', { limits: { maxItems: 6 } });
    expect(await call(key)).toMatchObject({ etag: '"2"', body: { version: 2, settings: { limits: { maxItems: 6 } } } });
    expect(await call(key, 'GET', undefined, { 'if-none-match': '"2"' })).toMatchObject({ status: 304 });
    expect(await call(key, 'GET', undefined, { 'if-none-match': '"1"' })).toMatchObject({ status: 200 });
  });

  it('are published by who may, and read by every machine inside', async () => {
    const key = at(newKey());
    await call(key, 'PUT', { step: 1 });
    const put = (url: string, method: string, headers: Record<string, string>) =>
      fetch(url, { method, headers: { 'content-type': 'application/json', ...headers }, body: '{"version":1}' });
    for (const [url, method] of [
      [key, 'PUT'],
      [`${key}/rollback`, 'POST'],
    ] as const) {
      expect((await put(url, method, {})).status).toBe(401);
      expect((await put(url, method, { 'x-permissions': 'config:publish' })).status).toBe(401);
      expect((await put(url, method, issuer.bearer('order:*'))).status).toBe(403);
    }
    const read = await fetch(key);
    expect(await read.json()).toMatchObject({ version: 1, settings: { step: 1 } });
    expect((await put(key, 'PUT', issuer.bearer('config:*'))).status).toBe(200);
  });

  it('are taken as YAML', async () => {
    const key = at(newKey());
    const yaml = 'limits:\n  maxItems: 5 # per order\nnames: [a, b]\n';
    expect(await call(key, 'PUT', yaml, { 'content-type': 'application/yaml' })).toMatchObject({
      status: 200,
      body: { settings: { limits: { maxItems: 5 }, names: ['a', 'b'] } },
    });
    const broken = await call(key, 'PUT', 'a: "b\nc: [', { 'content-type': 'application/yaml' });
    expect(broken).toMatchObject({ status: 400, body: { code: 'CONFIG_TEXT_INVALID' } });
    expect(broken.body.detail).toMatch(/line \d+, column \d+/);
  });

  it.each(['if-match', 'expectedVersion'])('refuse a lost race with both versions (%s)', async (way) => {
    const key = at(newKey());
    await call(key, 'PUT', { step: 1 });
    await call(key, 'PUT', { step: 2 });
    const late = way === 'if-match' ? [key, { 'if-match': '"1"' }] : [`${key}?expectedVersion=1`, {}];
    const [url, headers] = late as [string, Record<string, string>];
    expect(await call(url, 'PUT', { step: 3 }, headers)).toMatchObject({
      status: 409,
      body: { code: 'CONFIG_CONFLICT', expectedVersion: 1, currentVersion: 2 },
    });
    expect((await call(key)).body).toMatchObject({ version: 2, settings: { step: 2 } });
  });

  it('let exactly one of ten editors of the same version win', async () => {
    const key = at(newKey());
    await call(key, 'PUT', { step: 1 });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, editor) => call(key, 'PUT', { editor }, { 'if-match': '"1"' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(409)]);
    expect((await call(key)).body.version).toBe(2);
  });

  it('give each of ten blind editors a version of their own', async () => {
    const key = at(newKey());
    const answers = await Promise.all(Array.from({ length: 10 }, (_, editor) => call(key, 'PUT', { editor })));
    expect(answers.map(({ body }) => body.version).sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 10 }, (_, index) => index + 1),
    );
  });

  it('have a history, page by page, and each release in full', async () => {
    const key = at(newKey());
    for (const step of [1, 2, 3]) await call(`${key}?comment=x`, 'PUT', { step });
    const first = await call(`${key}/history?limit=2`);
    expect(first.body).toMatchObject({ items: [{ version: 3, author: 'ada' }, { version: 2 }], nextBefore: 2 });
    expect((await call(`${key}/history?limit=2&before=2`)).body).toMatchObject({
      items: [{ version: 1 }],
      nextBefore: null,
    });
    expect((await call(`${key}/history/2`)).body).toMatchObject({ version: 2, settings: { step: 2 } });
    expect(await call(`${key}/history/9`)).toMatchObject({
      status: 404,
      body: { code: 'CONFIG_VERSION_UNKNOWN', currentVersion: 3 },
    });
  });

  it('are rolled back by a new version', async () => {
    const key = at(newKey());
    await call(key, 'PUT', { step: 1 });
    await call(key, 'PUT', { step: 2 });
    expect(await call(`${key}/rollback`, 'POST', { version: 1, author: 'eve' })).toMatchObject({
      status: 200,
      body: { version: 3, settings: { step: 1 }, rolledBackFrom: 1, author: 'ada' },
    });
    expect(await call(`${key}/rollback`, 'POST', { version: 1, expectedVersion: 2 })).toMatchObject({ status: 409 });
    expect(await call(`${key}/rollback`, 'POST', { version: 8 })).toMatchObject({ status: 404 });
  });

  it('are refused above 256 KiB, with the size and the limit', async () => {
    expect(await call(at(newKey()), 'PUT', { blob: 'x'.repeat(300_000) })).toMatchObject({
      status: 413,
      body: { code: 'CONFIG_TOO_LARGE', sizeBytes: 300_011, limitBytes: 262_144 },
    });
  });

  it.each([
    ['a list', '[1]', 'application/json'],
    ['text', '"a"', 'application/json'],
    ['broken JSON', '{"a"', 'application/json'],
    ['null', 'null', 'application/json'],
    ['NUL', '{"a":{"b":"\\u0000"}}', 'application/json'],
    ['half a surrogate pair', '{"a":"\\ud800"}', 'application/json'],
    ['__proto__', '{"a":{"__proto__":1}}', 'application/json'],
    ['__proto__ in YAML', 'a: {__proto__: 1}', 'application/yaml'],
    ['infinity', 'a: .inf', 'application/yaml'],
    [
      'a bomb of aliases',
      `a: &a [x]\n${Array.from({ length: 8 }, (_, n) => `b${n}: &b${n} [${'*'.concat(n ? `b${n - 1}` : 'a', ',').repeat(9)}]`).join('\n')}`,
      'application/yaml',
    ],
    ['too many levels', `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`, 'application/json'],
  ])('are refused with a clear 400 when they are %s', async (_what, body, type) => {
    const answer = await call(at(newKey()), 'PUT', body, { 'content-type': type });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: expect.any(String), detail: expect.any(String) });
    expect(JSON.stringify(answer.body)).not.toMatch(/\bat .*\.[jt]s:|node_modules/);
  });

  it.each(['-a', '.a', 'a%20b', 'a@1', 'a'.repeat(201), '%00', '..%2f', 'a%2fb'])(
    'refuse the name %s',
    async (name) => {
      const answer = await call(at(`/api/config-center/settings/default/default/${name}`));
      expect(answer.status).toBe(400);
    },
  );

  it('refuse an If-Match that is no version', async () => {
    expect(await call(at(newKey()), 'PUT', {}, { 'if-match': 'latest' })).toMatchObject({ status: 400 });
  });

  it('stand in the OpenAPI document with their schemas', async () => {
    const { body } = await call(at('/openapi.json'));
    const path = '/api/config-center/settings/{namespace}/{group}/{service}';
    const paths = body.paths as Record<string, Record<string, { parameters: { name: string; in: string }[] }>>;
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        path,
        `${path}/history`,
        `${path}/history/{version}`,
        `${path}/rollback`,
        `${path}/watch`,
        `${path}/reports`,
        `${path}/instances`,
      ]),
    );
    expect(paths[path]?.put?.parameters.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['namespace', 'group', 'service', 'expectedVersion', 'comment']),
    );
  });
});
