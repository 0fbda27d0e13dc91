import 'reflect-metadata';
import { startPostgres } from '@rookery/servers';
import type { RunningService } from '@rookery/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, issuer, newKey, startReplica } from '../testing/centre.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(!postgres)('a draft', () => {
  let a: RunningService;
  let b: RunningService;
  beforeAll(async () => {
    process.env.DATABASE_URL = await postgres?.createDatabase('config');
    [a, b] = await Promise.all([startReplica(), startReplica()]);
  }, 30_000);
  afterAll(async () => {
    await Promise.all([a?.close(), b?.close()]);
  });
  const at = (key: string) => a.urls.http + key;
  const patch = (key: string, body: object, headers = {}) => call(`${key}/draft`, 'PATCH', body, headers);
  const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

  it('collects edits that nobody gets, is looked at, and is released as one version', async () => {
    const key = at(newKey());
    await call(key, 'PUT', { limits: { maxItems: 5, old: 1 }, name: 'x' });
    await patch(key, { set: { 'limits.maxItems': 6 } });
    const draft = await patch(key, { set: { 'limits.new': [1] }, remove: ['limits.old'] });
    expect(draft).toMatchObject({ status: 200, body: { baseVersion: 1, author: 'ada', schedule: null } });
    expect(draft.etag).toBe(`"${draft.body.revision}"`);
    expect((await call(key)).body).toMatchObject({ version: 1, settings: { limits: { maxItems: 5 } } });
    const difference = {
      from: 1,
      to: null,
      added: { 'limits.new[0]': 1 },
      removed: { 'limits.old': 1 },
      changed: { 'limits.maxItems': { from: 5, to: 6 } },
    };
    expect((await call(`${key}/draft/diff`)).body).toEqual(difference);
    expect((await call(`${key}/draft/publish?dryRun=true`, 'POST', {})).body).toEqual(difference);
    expect(await call(`${key}/draft/publish`, 'POST', { comment: 'both at once' })).toMatchObject({
      status: 200,
      body: { version: 2, settings: { limits: { maxItems: 6, new: [1] }, name: 'x' }, comment: 'both at once' },
    });
    expect(await call(`${key}/draft`)).toMatchObject({ status: 404, body: { code: 'CONFIG_DRAFT_UNKNOWN' } });
  });

  it('is written as text, which stays, and is discarded', async () => {
    const key = at(newKey());
    const yaml = { 'content-type': 'application/yaml' };
    const draft = await call(`${key}/draft`, 'PUT', 'a: 1 # one\n', yaml);
    expect(draft.body).toMatchObject({ baseVersion: 0, content: 'a: 1 # one\n', format: 'yaml' });
    expect(await call(`${key}/draft`, 'DELETE', undefined, { 'if-match': '"1"' })).toMatchObject({ status: 409 });
    expect(await call(`${key}/draft`, 'DELETE', undefined, { 'if-match': draft.etag ?? '' })).toMatchObject({
      status: 204,
    });
    await call(`${key}/draft`, 'PUT', 'a: 1 # one\n', yaml);
    await call(`${key}/draft/publish`, 'POST', {});
    expect((await call(key)).body).toMatchObject({ version: 1, content: 'a: 1 # one\n' });
  });

  it('lets one of ten editors of the same revision win, on two replicas; the others are told both', async () => {
    const key = newKey();
    const { body } = await patch(at(key), { set: { step: 1 } });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, editor) =>
        patch((editor % 2 ? a : b).urls.http + key, { set: { editor } }, { 'if-match': `"${body.revision}"` }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(409)]);
    const winner = answers.find(({ status }) => status === 200);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
      code: 'CONFIG_DRAFT_CONFLICT',
      expectedRevision: body.revision,
      currentRevision: winner?.body.revision,
    });
    expect(await patch(at(key), { set: { late: 1 } }, { 'if-match': '"0"' })).toMatchObject({ status: 409 });
  });

  it('is not released over a release that it does not know, and can be laid over it', async () => {
    const key = at(newKey());
    await call(key, 'PUT', { a: 1, b: 1 });
    await patch(key, { set: { a: 2 } });
    await call(key, 'PUT', { a: 1, b: 2 });
    expect(await call(`${key}/draft/publish`, 'POST', {})).toMatchObject({
      status: 409,
      body: { code: 'CONFIG_CONFLICT', expectedVersion: 1, currentVersion: 2 },
    });
    expect((await call(`${key}/draft/rebase`, 'POST')).body).toMatchObject({
      baseVersion: 2,
      settings: { a: 2, b: 2 },
    });
    await call(key, 'PUT', { a: 9, b: 2 });
    expect(await call(`${key}/draft/rebase`, 'POST')).toMatchObject({
      status: 409,
      body: { code: 'CONFIG_DRAFT_CONFLICTS', paths: ['a'], baseVersion: 2, currentVersion: 3 },
    });
  });

  it('that breaks the schema stays a draft', async () => {
    const key = at(newKey());
    await call(`${key}/schema`, 'PUT', { properties: { a: { type: 'integer' } } });
    await patch(key, { set: { a: 'one' } });
    expect(await call(`${key}/draft/publish`, 'POST', {})).toMatchObject({ status: 422 });
    expect(await call(`${key}/draft`)).toMatchObject({ status: 200, body: { settings: { a: 'one' } } });
  });

  it('is released at its time, once, whichever replica does it, with who said so and why', {
    timeout: 30_000,
  }, async () => {
    const key = newKey();
    await patch(at(key), { set: { step: 1 } });
    const scheduled = await call(`${at(key)}/draft/schedule`, 'PUT', { at: inMs(5_000), comment: 'at night' });
    expect(scheduled).toMatchObject({ status: 200, body: { schedule: { by: 'ada', comment: 'at night' } } });
    expect(await patch(at(key), { set: { step: 2 } })).toMatchObject({
      status: 409,
      body: { code: 'CONFIG_DRAFT_SCHEDULED' },
    });
    expect((await call(at(key))).body.version).toBe(0);
    await expect
      .poll(async () => (await call(b.urls.http + key)).body, { timeout: 20_000 })
      .toMatchObject({ version: 1, settings: { step: 1 }, author: 'ada', comment: 'at night' });
    expect((await call(`${at(key)}/draft`)).status).toBe(404);
    expect((await call(`${at(key)}/history`)).body).toMatchObject({ items: [{ version: 1 }] });
  });

  it('of many that are due at once, each is released once', { timeout: 60_000 }, async () => {
    const keys = Array.from({ length: 20 }, () => newKey());
    await Promise.all(keys.map((key) => patch(at(key), { set: { step: 1 } })));
    const scheduled = await Promise.all(
      keys.map((key) => call(`${at(key)}/draft/schedule`, 'PUT', { at: inMs(8_000) })),
    );
    expect(new Set(scheduled.map(({ status }) => status))).toEqual(new Set([200]));
    const versions = () => Promise.all(keys.map(async (key) => (await call(at(key))).body.version));
    await expect.poll(versions, { timeout: 20_000 }).toEqual(keys.map(() => 1));
  });

  it('whose time came while every replica was down is released when one is back', { timeout: 30_000 }, async () => {
    const key = newKey();
    const url = process.env.DATABASE_URL;
    process.env.DATABASE_URL = await postgres?.createDatabase('config_down');
    const first = await startReplica();
    await patch(first.urls.http + key, { set: { step: 1 } });
    const when = Date.now() + 3_000;
    const due = new Date(when).toISOString();
    expect((await call(`${first.urls.http + key}/draft/schedule`, 'PUT', { at: due })).status).toBe(200);
    await first.close();
    await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(when);
    const second = await startReplica();
    process.env.DATABASE_URL = url;
    const version = async () => (await call(second.urls.http + key)).body.version;
    await expect.poll(version, { timeout: 20_000 }).toBe(1);
    await second.close();
  });

  it('that is refused when its time comes stays, and shows why', { timeout: 30_000 }, async () => {
    const key = at(newKey());
    await patch(key, { set: { a: 'one' } });
    await call(`${key}/draft/schedule`, 'PUT', { at: inMs(5_000) });
    await call(`${key}/schema`, 'PUT', { properties: { a: { type: 'integer' } } });
    const failure = { reason: expect.stringContaining('a must be integer') };
    await expect
      .poll(async () => (await call(`${key}/draft`)).body, { timeout: 20_000 })
      .toMatchObject({ schedule: null, failure, settings: { a: 'one' } });
    const listed = (await call(at('/api/config-center/schedules'))).body.items as object[];
    expect(listed).toContainEqual(
      expect.objectContaining({ service: key.split('/').at(-1), failure: expect.objectContaining(failure) }),
    );
    expect((await call(key)).body.version).toBe(0);
    expect((await patch(key, { set: { a: 1 } })).body).toMatchObject({ failure: null });
  });

  it('is cancelled, and its time must be one that comes and that it may be released at', async () => {
    const key = at(newKey());
    await patch(key, { set: { a: 1 } });
    const schedule = (due: string) => call(`${key}/draft/schedule`, 'PUT', { at: due });
    expect(await schedule('tomorrow')).toMatchObject({ status: 400 });
    expect(await schedule(inMs(-1_000))).toMatchObject({ status: 400, body: { code: 'CONFIG_SCHEDULE_INVALID' } });
    expect(await schedule(inMs(3_600_000))).toMatchObject({ status: 200 });
    expect(await call(`${key}/draft/schedule`, 'DELETE')).toMatchObject({ status: 200, body: { schedule: null } });
    expect(await call(`${key}/draft/schedule`, 'DELETE')).toMatchObject({ status: 404 });
    await call(key, 'PUT', { a: 2 });
    expect(await schedule(inMs(3_600_000))).toMatchObject({ status: 409, body: { code: 'CONFIG_CONFLICT' } });
  });

  it('is seen and edited by who may', async () => {
    const key = at(newKey());
    await patch(key, { set: { a: 1 } });
    for (const [path, method] of [
      ['/draft', 'GET'],
      ['/draft', 'PATCH'],
      ['/draft/publish', 'POST'],
      ['/draft/schedule', 'PUT'],
    ] as const) {
      expect((await fetch(key + path, { method })).status).toBe(401);
      expect((await fetch(key + path, { method, headers: issuer.bearer('order:*') })).status).toBe(403);
    }
  });
});
