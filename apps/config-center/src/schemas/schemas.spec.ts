import 'reflect-metadata';
import { startPostgres } from '@rookery/servers';
import type { RunningService } from '@rookery/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, issuer, newKey, startReplica } from '../testing/centre.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

const schema = {
  type: 'object',
  properties: { maxItems: { type: 'integer', minimum: 1 }, name: { type: 'string', pattern: '^(a+)+$' } },
  required: ['maxItems'],
  additionalProperties: false,
};

describe.skipIf(!postgres)('before a release', () => {
  let centre: RunningService;
  beforeAll(async () => {
    process.env.DATABASE_URL = await postgres?.createDatabase('config');
    centre = await startReplica();
  }, 30_000);
  afterAll(() => centre?.close());
  const at = (key: string) => centre.urls.http + key;

  it('the schema of the key is satisfied, or it is refused with path and reason, never a value', async () => {
    const key = at(newKey());
    expect(await call(`${key}/schema`, 'PUT', schema)).toMatchObject({ status: 204 });
    expect((await call(`${key}/schema`)).body).toEqual(schema);
    const refused = await call(key, 'PUT', { maxItems: 0, passwort: 'hunter2' });
    expect(refused).toMatchObject({ status: 422, body: { code: 'CONFIG_SCHEMA_MISMATCH' } });
    expect(refused.body.detail).toMatch(/maxItems must be >= 1/);
    expect(refused.body.detail).toMatch(/additional properties \(passwort\)/);
    expect(JSON.stringify(refused.body)).not.toContain('hunter2');
    expect((await call(key)).body.version).toBe(0);
    expect(await call(key, 'PUT', { maxItems: 1 })).toMatchObject({ status: 200 });
    const grey = { settings: { maxItems: 'many' }, rule: { percentage: 10 } };
    expect(await call(`${key}/grey`, 'PUT', grey)).toMatchObject({ status: 422 });
  });

  it('numbers in .properties are numbers to the schema', async () => {
    const key = at(newKey());
    await call(`${key}/schema`, 'PUT', schema);
    const type = { 'content-type': 'text/x-java-properties' };
    expect(await call(key, 'PUT', 'maxItems=5\n', type)).toMatchObject({ status: 200 });
    expect(await call(key, 'PUT', 'maxItems=many\n', type)).toMatchObject({ status: 422 });
  });

  it('a schema is refused that is none, that the current release breaks, or without the right', async () => {
    const key = at(newKey());
    expect(await call(`${key}/schema`, 'PUT', { type: 'nothing' })).toMatchObject({ status: 400 });
    await call(key, 'PUT', { maxItems: 'many' });
    expect(await call(`${key}/schema`, 'PUT', schema)).toMatchObject({ status: 422 });
    expect(await call(`${key}/schema`, 'PUT', schema, issuer.bearer('order:*'))).toMatchObject({ status: 403 });
    expect(await call(`${key}/schema`)).toMatchObject({ status: 404 });
  });

  it('a pattern that would take for ever elsewhere takes no time', async () => {
    const key = at(newKey());
    await call(`${key}/schema`, 'PUT', schema);
    const startedAtMs = performance.now();
    expect(await call(key, 'PUT', { maxItems: 1, name: `${'a'.repeat(40)}!` })).toMatchObject({ status: 422 });
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
  });

  it('a dry run checks everything, says what would change, and stores nothing', async () => {
    const key = at(newKey());
    await call(`${key}/schema`, 'PUT', { ...schema, additionalProperties: true });
    await call(key, 'PUT', { maxItems: 1, old: [1, 2] });
    expect(await call(`${key}?dryRun=true`, 'PUT', { maxItems: 2, old: [1], new: { b: null } })).toMatchObject({
      status: 200,
      body: {
        from: 1,
        to: null,
        added: { 'new.b': null },
        removed: { 'old[1]': 2 },
        changed: { maxItems: { from: 1, to: 2 } },
      },
    });
    expect(await call(`${key}?dryRun=true`, 'PUT', { maxItems: 0 })).toMatchObject({ status: 422 });
    expect(await call(`${key}?dryRun=true&expectedVersion=9`, 'PUT', { maxItems: 2 })).toMatchObject({ status: 409 });
    expect((await call(key)).body).toMatchObject({ version: 1 });
  });

  it('two releases can be compared', async () => {
    const key = at(newKey());
    for (const settings of [{ a: 1 }, { a: 2, b: 1 }, { b: 1 }]) await call(key, 'PUT', settings);
    expect((await call(`${key}/history/3/diff`)).body).toEqual({
      from: 2,
      to: 3,
      added: {},
      removed: { a: 2 },
      changed: {},
    });
    expect((await call(`${key}/history/2/diff?from=1`)).body).toMatchObject({
      added: { b: 1 },
      changed: { a: { from: 1, to: 2 } },
    });
    expect((await call(`${key}/history/1/diff`)).body).toMatchObject({ from: 0, added: { a: 1 } });
    expect((await call(`${key}/history/9/diff`)).status).toBe(404);
  });
});
