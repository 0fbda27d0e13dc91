import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConfig, type KeyRing, openConfigSource, readKeyRing, seal } from '@rookery/config';
import { createPool, databaseUrl } from '@rookery/database';
import { startPostgres } from '@rookery/servers';
import type { RunningService } from '@rookery/service';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { issuer, startReplica } from '../testing/centre.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

const MASK = '{cipher}***';
const PLAIN = 'a-password-that-nobody-guesses';
const SERVICES = 'a-token-that-the-services-of-a-platform-share';
const HEARD_MS = 10_000;
const keyLine = (id: string) => `${id}=${randomBytes(32).toString('base64')}`;
const [k1, k2] = [keyLine('k1'), keyLine('k2')];

describe.skipIf(!postgres)('encrypted values', () => {
  let old: RunningService;
  let rotated: RunningService;
  let keyless: RunningService;
  let home: string;
  let pool: ReturnType<typeof createPool>;
  const written: string[] = [];
  const write = vi.spyOn(fs, 'writeSync').mockImplementation((...args: unknown[]) => {
    written.push(String(args[1]));
    return Buffer.byteLength(String(args[1]));
  });
  const start = async (keys: string) => {
    process.env.CONFIG_KEYS = keys;
    const replica = await startReplica(0, 'trace');
    delete process.env.CONFIG_KEYS;
    return replica;
  };
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'rookery-secrets-'));
    const variables = { CONFIG_READERS: 'tokens', CONFIG_TOKEN: SERVICES };
    Object.assign(process.env, variables, { DATABASE_URL: await postgres?.createDatabase('config') });
    pool = createPool(databaseUrl(process.env.DATABASE_URL));
    old = await start(k1);
    rotated = await start(`${k2},${k1}`);
    keyless = await start('');
    delete process.env.CONFIG_TOKEN;
  }, 60_000);
  afterAll(async () => {
    await Promise.all([old?.close(), rotated?.close(), keyless?.close(), pool?.end()]);
    write.mockRestore();
    await rm(home, { recursive: true });
  });

  let names = 0;
  const newName = () => `secret-${++names}`;
  const at = (name: string, namespace = 'default') => `/api/config-center/settings/${namespace}/default/${name}`;
  const editor = ['config:read,edit,release:*'];
  const ask = async (method: string, path: string, permissions: string[], body?: unknown, replica = old) => {
    const text = typeof body === 'string';
    const response = await fetch(replica.urls.http + path, {
      method,
      headers: {
        ...(permissions[0] === SERVICES ? { authorization: `Bearer ${SERVICES}` } : issuer.bearer(...permissions)),
        ...(body !== undefined && { 'content-type': text ? 'application/yaml' : 'application/json' }),
      },
      ...(body !== undefined && { body: text ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(HEARD_MS),
    });
    const answer = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return { status: response.status, text: answer, body: isJson ? JSON.parse(answer) : undefined };
  };
  const encrypt = async (name: string, path: string, value: unknown = PLAIN, replica = old) => {
    const answer = await ask('POST', `${at(name)}/encrypt`, editor, { values: { [path]: value } }, replica);
    expect(answer.status, answer.text).toBe(200);
    return answer.body.values[path] as string;
  };
  const publish = async (name: string, settings: unknown, replica = old) => {
    const answer = await ask('PUT', at(name), editor, settings, replica);
    expect(answer.status, answer.text).toBe(200);
    return answer;
  };

  it('come back as a mask from every answer to who may not decrypt', async () => {
    const name = newName();
    const password = await encrypt(name, 'db.password');
    const shown = [await publish(name, { db: { password, user: 'app' } })];
    await ask('PUT', `${at(name)}/draft`, editor, { db: { password, user: 'next' } });
    await publish(name, { db: { password: await encrypt(name, 'db.password', 'another'), user: 'app' } });
    for (const path of [
      '',
      '?secrets=plain',
      '?secrets=sealed',
      '/history/1',
      '/history/2/diff',
      '/draft',
      '/draft/diff',
      '/origins',
    ]) {
      shown.push(await ask('GET', at(name) + path, editor));
    }
    shown.push(await ask('GET', '/api/config-center/environments/default/export?as=yaml', editor));
    shown.push(await ask('GET', `/nacos/v1/cs/configs?dataId=${name}.json&group=DEFAULT_GROUP`, editor));
    shown.push(await ask('GET', `/spring/${name}/default`, editor));
    shown.push(await ask('GET', `/configs/${name}/default/application`, editor));
    for (const { status, text } of shown) {
      expect(status).toBe(200);
      expect(text).toContain(MASK);
      for (const secret of [PLAIN, password, 'another', 'k1.']) expect(text).not.toContain(secret);
    }
    expect((await ask('POST', `${at(name)}/decrypt`, editor, { values: { 'db.password': password } })).status).toBe(
      403,
    );
  });

  it('are decrypted for who has the right, or come as they are for who holds the keys', async () => {
    const name = newName();
    const password = await encrypt(name, 'db.password');
    await publish(name, { db: { password, port: await encrypt(name, 'db.port', 5432), url: 'x' } });
    for (const who of [[SERVICES], ['config:read,decrypt:default']]) {
      const plain = await ask('GET', `${at(name)}?secrets=plain`, who);
      expect(plain.body.settings).toEqual({ db: { password: PLAIN, port: 5432, url: 'x' } });
      const sealed = await ask('GET', `${at(name)}?secrets=sealed`, who);
      expect(sealed.body.settings.db.password).toBe(password);
      expect((await ask('GET', at(name), who)).body.settings.db.password).toBe(MASK);
    }
    const nacos = await ask('GET', `/nacos/v1/cs/configs?dataId=${name}.properties&group=DEFAULT_GROUP`, [SERVICES]);
    expect(nacos.text).toContain(`db.password=${PLAIN}`);
    expect((await ask('GET', `/spring/${name}/default`, [SERVICES])).text).toContain(PLAIN);
    expect((await ask('GET', `${at(name)}?secrets=plain`, ['config:read:*', 'config:decrypt:prod'])).text).toContain(
      MASK,
    );
    const opened = await ask('POST', `${at(name)}/decrypt`, ['config:decrypt:default'], {
      values: { 'db.password': password },
    });
    expect(opened.body).toEqual({ values: { 'db.password': PLAIN } });
  });

  it('stay when an edit keeps the mask, also as text, and a mask that stands for nothing is refused', async () => {
    const name = newName();
    const password = await encrypt(name, 'db.password');
    await publish(name, { db: { password }, a: 1 });
    await publish(name, { db: { password: MASK }, a: 2 });
    await publish(name, `db:\n  password: "${MASK}"\na: 3\n`);
    const { body } = await ask('GET', `${at(name)}?secrets=plain`, [SERVICES]);
    expect(body).toMatchObject({ version: 3, settings: { db: { password: PLAIN }, a: 3 } });
    for (const settings of [{ other: MASK }, { a: MASK }, { db: [MASK] }]) {
      const refused = await ask('PUT', at(name), editor, settings);
      expect([refused.status, refused.body.code]).toEqual([422, 'CONFIG_MASK_UNKNOWN']);
    }
  });

  it('of another path, key or environment are refused, and so are changed ones', async () => {
    const [name, other] = [newName(), newName()];
    const password = await encrypt(name, 'db.password');
    const refused = async (path: string, settings: unknown) => {
      const { status, body } = await ask('PUT', path, editor, settings);
      return [status, body.code];
    };
    const broken = [422, 'CONFIG_SEAL_BROKEN'];
    expect(await refused(at(name), { motd: password })).toEqual(broken);
    expect(await refused(at(other), { db: { password } })).toEqual(broken);
    expect(await refused(at(name, 'prod'), { db: { password } })).toEqual(broken);
    const [head, origin, body = ''] = password.split('.');
    const changed = [head, origin, (body.startsWith('A') ? 'B' : 'A') + body.slice(1)].join('.');
    expect(await refused(at(name), { db: { password: changed } })).toEqual(broken);
    const foreign = seal(
      readKeyRing({ CONFIG_KEYS: keyLine('k1') }) as KeyRing,
      {
        ...{ namespace: 'default', group: 'default', service: name, path: 'db.password' },
      },
      'x',
    );
    expect(await refused(at(name), { db: { password: foreign } })).toEqual(broken);
    expect(await refused(at(name), { db: { password: '{cipher}abc' } })).toEqual([422, 'CONFIG_NOT_SEALED']);
    expect(await refused(at(name), { db: { password: `x${password}` } })).toEqual([422, 'CONFIG_NOT_SEALED']);
  });

  it('that were exchanged in the database are not decrypted: who needs them gets a mask', async () => {
    const [name, other] = [newName(), newName()];
    await publish(name, { a: await encrypt(name, 'a') });
    await publish(other, { a: await encrypt(other, 'a', 'swapped') });
    await pool.query(
      `update setting_releases set settings = (select settings from setting_releases where service = $1) where service = $2`,
      [other, name],
    );
    const { text } = await ask('GET', `${at(name)}?secrets=plain`, [SERVICES]);
    expect(text).toContain(MASK);
    expect(text).not.toContain('swapped');
  });

  it('are not taken without a key ring, and the answer says how to mend it', async () => {
    const name = newName();
    const password = await encrypt(name, 'a');
    const refused = await ask('PUT', at(name), editor, { a: password }, keyless);
    expect([refused.status, refused.body.code]).toEqual([422, 'CONFIG_KEY_RING_MISSING']);
    expect(refused.body.detail).toMatch(/CONFIG_KEYS.*openssl rand -base64 32/);
    expect((await ask('POST', `${at(name)}/encrypt`, editor, { values: { a: 'x' } }, keyless)).status).toBe(422);
    await publish(name, { a: 'plain' }, keyless);
  });

  it('are encrypted anew with the current key, and those of the old one stay readable', async () => {
    const name = newName();
    const password = await encrypt(name, 'db.password');
    await publish(name, `# kept\ndb:\n  password: "${password}"\n`);
    const plain = async (replica: RunningService) =>
      (await ask('GET', `${at(name)}?secrets=plain`, [SERVICES], undefined, replica)).body.settings.db.password;
    expect(await plain(rotated)).toBe(PLAIN);
    const path = '/api/config-center/environments/default/rotate-keys';
    expect((await ask('POST', path, ['config:read,edit:default'], {}, rotated)).status).toBe(403);
    const dry = await ask('POST', `${path}?dryRun=true`, ['config:edit:default'], {}, rotated);
    expect(dry.body.rotated).toContainEqual({ group: 'default', service: name, version: 2 });
    const done = await ask('POST', path, editor, {}, rotated);
    expect(done.body).toMatchObject({ key: 'k2', dryRun: false });
    expect(done.body.rotated).toContainEqual({ group: 'default', service: name, version: 2 });
    expect((await ask('POST', path, editor, {}, rotated)).body.rotated).toEqual([]);
    const now = await ask('GET', `${at(name)}?secrets=sealed`, [SERVICES], undefined, rotated);
    expect(now.body.settings.db.password).toMatch(/^\{cipher\}k2\./);
    expect(now.body.content).toContain('# kept');
    expect(await plain(rotated)).toBe(PLAIN);
    expect(await plain(old)).toBe(MASK);
    expect(JSON.stringify(done.body)).not.toContain(PLAIN);
  });

  it('reach our own client decrypted, by its key ring or by its right, and are refused where it has neither', async () => {
    const name = newName();
    await publish(name, { password: await encrypt(name, 'password') });
    const reader = await ask('POST', '/api/config-center/tokens/default', ['config'], { name, roles: ['read'] });
    const open = async (instance: string, variables: Record<string, string>) => {
      Object.assign(process.env, variables);
      const source = await openConfigSource({
        url: old.urls.http,
        service: name,
        instance,
        home: join(home, instance),
      });
      for (const variable of Object.keys(variables)) delete process.env[variable];
      return source;
    };
    const schema = z.object({ password: z.string() });
    for (const [instance, variables] of [
      ['by-ring', { CONFIG_TOKEN: SERVICES, CONFIG_KEYS: k1 }],
      ['by-right', { CONFIG_TOKEN: SERVICES }],
    ] as const) {
      const config = await createConfig({ schema, sources: [await open(instance, variables)] });
      expect(config.value.password).toBe(PLAIN);
      const next = await encrypt(name, 'password', `next-${instance}`);
      await publish(name, { password: next });
      await expect.poll(() => config.value.password, { timeout: HEARD_MS }).toBe(`next-${instance}`);
      await config.close();
      await publish(name, { password: await encrypt(name, 'password') });
    }
    const folder = join(home, 'by-ring', 'config');
    const [copy = ''] = await readdir(folder);
    expect(await readFile(join(folder, copy), 'utf8')).not.toContain(PLAIN);
    const blind = await open('blind', { CONFIG_TOKEN: reader.body.token });
    await expect(blind.load()).rejects.toMatchObject({
      code: 'CONFIG_SEALED',
      message: expect.stringContaining('password'),
    });
    await blind.close();
  });

  it('stand in no log in plain text', () => {
    const log = written.join('');
    expect(log).toContain('config-center');
    for (const text of [PLAIN, k1.split('=')[1] ?? '', 'next-by-ring']) expect(log).not.toContain(text);
  });
});
