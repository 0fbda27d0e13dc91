import 'reflect-metadata';
import { createHmac } from 'node:crypto';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram, hasConfigJava, startConfigJavaClient, startPostgres } from '@rookery/servers';
import type { RunningService } from '@rookery/service';
import { load } from 'cloud-config-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BareRepository, startBareRepository } from '../testing/bare-repository.ts';
import { call, startReplica } from '../testing/centre.ts';

const postgres = await startPostgres();
const hasGit = findProgram('git') !== undefined;
afterAll(() => postgres?.stop());

const SECRET = 'a secret of the suite alone';
const TAKEN_MS = 30_000;

describe.skipIf(!postgres || !hasGit)(
  'a repository as the source of an environment, on two replicas',
  {
    timeout: 60_000,
  },
  () => {
    let a: RunningService;
    let b: RunningService;
    let repository: BareRepository;
    let first: string;
    beforeAll(async () => {
      repository = await startBareRepository();
      first = await repository.push({
        'orders.yml': 'maxItems: 5 # per order\n',
        'orders-prod.yml': 'maxItems: 7\n',
        'application.properties': 'everywhere=yes\n',
        'apps/cards/application.yml': 'limit: 1\n',
      });
      await repository.git('tag', '-a', '-m', 'one', 'v1');
      await repository.git('push', '-q', repository.bare, 'v1', 'HEAD:refs/heads/release/1.0');
      process.env.DATABASE_URL = await postgres?.createDatabase('config');
      process.env.CONFIG_GIT = `default=${repository.url}?labels=release/*,v*&search=,apps/{application}&poll=1`;
      process.env.CONFIG_GIT_WEBHOOK_SECRET = SECRET;
      [a, b] = await Promise.all([startReplica(), startReplica()]);
      delete process.env.CONFIG_GIT;
      delete process.env.CONFIG_GIT_WEBHOOK_SECRET;
    }, 60_000);
    afterAll(async () => {
      await Promise.all([a?.close(), b?.close(), repository?.remove()]);
    });

    const key = (name: string, group = 'default') => `/api/config-center/settings/default/${group}/${name}`;
    const read = async (name: string, group?: string) => (await call(b.urls.http + key(name, group))).body;
    const settings = (name: string, group?: string) => async () => (await read(name, group)).settings;
    const state = async () => (await call(`${b.urls.http}/api/config-center/environments/default/git`)).body;
    const spring = (label?: string) =>
      load({ endpoint: `${b.urls.http}/spring`, name: 'orders', profiles: ['prod'], ...(label && { label }) });
    const is = (what: () => Promise<unknown>, expected: unknown) =>
      expect.poll(what, { timeout: TAKEN_MS }).toEqual(expected);

    it('is there for every client, with who, why and which commit', async () => {
      await is(settings('orders'), { maxItems: 5 });
      await is(settings('cards'), { limit: 1 });
      expect(await read('orders')).toMatchObject({
        version: 1,
        author: 'git',
        comment: expect.stringContaining(first.slice(0, 12)),
        content: 'maxItems: 5 # per order\n',
      });
      await is(async () => ((await state()).labels as object[]).length, 3);
      const { url, problem, labels } = await state();
      expect({ url, problem }).toEqual({ url: repository.url, problem: null });
      expect(labels).toMatchObject([
        { group: 'default', label: 'main', commit: first, failure: null },
        { group: 'release:1.0', label: 'release/1.0', commit: first },
        { group: 'v1', label: 'v1', commit: first },
      ]);
      const nacos = await fetch(`${a.urls.http}/nacos/v1/cs/configs?dataId=orders.yml&group=DEFAULT_GROUP`);
      expect(await nacos.text()).toBe('maxItems: 5 # per order\n');
      const config = await spring();
      expect([config.get('maxItems'), config.get('everywhere')]).toEqual([7, 'yes']);
    });

    it('has a push in force on both replicas, once, and what is removed from it removed', async () => {
      await is(settings('orders'), { maxItems: 5 });
      await repository.push({ 'orders.yml': 'maxItems: 6\n', 'apps/cards/application.yml': null });
      await is(settings('orders'), { maxItems: 6 });
      await is(async () => (await read('cards')).removed, true);
      expect((await read('orders')).version).toBe(2);
      expect((await call(`${a.urls.http + key('orders')}/history`)).body).toMatchObject({
        items: [{ version: 2 }, { version: 1 }],
      });
    });

    it('is read by branch, tag and commit', { timeout: 60_000 }, async () => {
      await is(settings('orders', 'v1'), { maxItems: 5 });
      const old = await repository.push({ 'orders-prod.yml': 'maxItems: 8\n' });
      const now = await repository.push({ 'orders-prod.yml': 'maxItems: 9\n' });
      await is(settings('orders-prod'), { maxItems: 9 });
      const at = async (label: string) => (await spring(label)).get('maxItems');
      expect(await at('v1')).toBe(7);
      expect(await at('release(_)1.0')).toBe(7);
      expect(await at('main')).toBe(9);
      expect([await at(now), await at(old), await at(old.slice(0, 9))]).toEqual([9, 8, 8]);
      for (const label of ['0123456789', `${'0'.repeat(40)}`]) {
        expect((await fetch(`${b.urls.http}/spring/orders/prod/${label}`)).status).toBe(404);
      }
      for (const label of ['..', '-upload-pack', '..%2f..%2fetc', '%2e%2e(_)etc']) {
        expect((await fetch(`${b.urls.http}/spring/orders/prod/${label}`)).status).toBeGreaterThanOrEqual(400);
      }
    });

    it.skipIf(!hasConfigJava)("is read by a label by Spring's Java client", { timeout: 120_000 }, async () => {
      await is(settings('orders-prod', 'release:1.0'), { maxItems: 7 });
      process.env.SPRING_CLOUD_CONFIG_LABEL = 'release/1.0';
      const client = startConfigJavaClient(
        'SpringClient',
        `${a.urls.http}/spring`,
        'orders',
        'prod',
        'maxItems',
        'everywhere',
      );
      delete process.env.SPRING_CLOUD_CONFIG_LABEL;
      await expect.poll(() => client.values(), { timeout: 60_000, message: client.output() }).toEqual(['7', 'yes']);
      await client.stop();
    });

    it('keeps the last good commit when a push is broken, says why, and takes the next', async () => {
      await is(settings('orders'), { maxItems: 6 });
      const { commit } = ((await state()).labels as { commit: string }[])[0] ?? {};
      const broken = await repository.push({ 'orders.yml': 'maxItems: [\n', 'mail.yml': 'port: 25\n' });
      const failure = async () =>
        ((await state()).labels as { failure: { commit: string; reason: string } }[])[0]?.failure;
      await is(async () => (await failure())?.commit, broken);
      expect((await failure())?.reason).toMatch(/orders\.yml/);
      expect(((await state()).labels as { commit: string }[])[0]?.commit).toBe(commit);
      expect([(await read('orders')).settings, (await read('mail')).version]).toEqual([{ maxItems: 6 }, 0]);
      await repository.push({ 'orders.yml': 'maxItems: 10\n' });
      await is(settings('orders'), { maxItems: 10 });
      await is(settings('mail'), { port: 25 });
      expect(await failure()).toBeNull();
    });

    it('obeys the schema of a key as a whole, and follows no links', async () => {
      await call(`${a.urls.http + key('mail')}/schema`, 'PUT', { properties: { port: { type: 'integer' } } });
      await symlink('/etc/passwd', join(repository.clone, 'passwd.properties'));
      await repository.push({ 'mail.yml': 'port: many\n', 'other.yml': 'a: 1\n' });
      const reason = async () =>
        ((await state()).labels as { failure: { reason: string } | null }[])[0]?.failure?.reason;
      await expect.poll(reason, { timeout: TAKEN_MS }).toMatch(/mail.*port must be integer/);
      expect((await read('other')).version).toBe(0);
      await repository.push({ 'mail.yml': 'port: 26\n' });
      await is(settings('other'), { a: 1 });
      expect((await read('passwd')).version).toBe(0);
    });

    it('is written by pushes only', async () => {
      const name = a.urls.http + key('orders');
      const refused = { status: 409, body: { code: 'CONFIG_READ_ONLY' } };
      expect(await call(name, 'PUT', { a: 1 })).toMatchObject(refused);
      expect(await call(`${name}/draft`, 'PATCH', { set: { a: 1 } })).toMatchObject(refused);
      expect(await call(`${name}/grey`, 'PUT', { settings: {}, rule: { percentage: 1 } })).toMatchObject(refused);
      expect(await call(`${name}/rollback`, 'POST', { version: 1 })).toMatchObject(refused);
      expect((await call(`${a.urls.http}/api/config-center/settings/other/default/x`, 'PUT', { a: 1 })).status).toBe(
        200,
      );
    });

    it('is asked when a webhook that is signed says so', async () => {
      const url = `${a.urls.http}/api/config-center/environments/default/git/webhook`;
      const body = '{"ref": "refs/heads/main"}';
      const post = (secret: string) =>
        fetch(url, {
          method: 'POST',
          body,
          headers: {
            'content-type': 'application/json',
            'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
          },
        });
      await repository.push({ 'hook.yml': 'heard: true\n' });
      expect((await post('another')).status).toBe(401);
      expect((await fetch(url, { method: 'POST', body })).status).toBe(401);
      expect((await post(SECRET)).status).toBe(202);
      await is(settings('hook'), { heard: true });
      const elsewhere = url.replace('/default/', '/other/');
      expect((await fetch(elsewhere, { method: 'POST', body })).status).toBe(404);
    });

    it('loses a label, and its settings with it', async () => {
      await repository.git('push', '-q', repository.bare, '--delete', 'release/1.0');
      await is(async () => (await read('orders', 'release:1.0')).removed, true);
      expect((await read('orders', 'v1')).removed).toBe(false);
    });

    it('that cannot be reached is said, without its password, and all else works', async () => {
      process.env.CONFIG_GIT = 'gone=file:///none/settings.git closed=http://ada:hunter2@127.0.0.1:9/x.git';
      const replica = await startReplica();
      delete process.env.CONFIG_GIT;
      const show = async (name: string) =>
        (await call(`${replica.urls.http}/api/config-center/environments/${name}/git`)).body;
      for (const name of ['gone', 'closed']) {
        await expect.poll(async () => (await show(name)).problem, { timeout: TAKEN_MS }).toMatch(/cannot be used/);
      }
      expect(await show('closed')).toMatchObject({ url: 'http://127.0.0.1:9/x.git', labels: [] });
      expect(JSON.stringify(await show('closed'))).not.toContain('hunter2');
      expect((await call(`${replica.urls.http}/api/config-center/settings/other/default/y`, 'PUT', {})).status).toBe(
        200,
      );
      await replica.close();
    });
  },
);
