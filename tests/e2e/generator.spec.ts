import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@rookery/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StartedPlatform, startPlatform } from '../platform/platform.ts';
import { call, eventually } from './client.ts';
import { WorkspaceCopy } from './workspace-copy.ts';

/** One of each kind, and where the gateway serves it. */
const KINDS = [
  { name: 'reviews', public: true, at: '/api/reviews' },
  { name: 'ratings', database: true, route: '/shop/ratings/**', at: '/shop/ratings' },
  { name: 'order-notes', grpc: true, internal: true },
  { name: 'subtitles', messaging: true, database: true, grpc: true, at: '/api/subtitles' },
] as const;
const NAMES = KINDS.map(({ name }) => name);
const FOLDERS = NAMES.map((name) => `apps/${name}`);
const MAY_ALL = ['review:*', 'rating:*', 'order-note:*', 'subtitle:*'];
const KEEPER = { id: 'keeper', name: 'Keeper', secret: 'k'.repeat(43), permissions: MAY_ALL };
const READER = { id: 'reader', name: 'Reader', secret: 'r'.repeat(43), permissions: MAY_ALL.map(readOnly) };

function readOnly(permission: string): string {
  return permission.replace('*', 'show');
}

describe('one service of each kind, generated into a copy of the workspace', { timeout: 300_000 }, () => {
  let copy: WorkspaceCopy;
  let before: string[];
  /** What git does not see. */
  const links = () => [
    ...readdirSync(join(copy.root, 'node_modules/@rookery-apps')),
    ...readdirSync(join(copy.root, 'apps')),
  ];
  const generate = (...runs: Array<[generator: string, options: object]>) =>
    copy.mustRun('node', 'tests/e2e/generate.ts', JSON.stringify(runs));

  beforeAll(async () => {
    copy = await WorkspaceCopy.make();
    before = links();
    const [first, ...others] = KINDS.toReversed().map(
      ({ at: _at, ...options }: { at?: string; name: string }) => options,
    );
    const { name, ...parts } = first ?? expect.fail();
    const flags = Object.keys(parts).map((part) => `--${part}`);
    await copy.mustRun('nx', 'g', '@rookery/nx:service', name, ...flags, '--purpose=Subtitles that viewers ask for');
    await generate(...others.map((options) => ['service', options] as [string, object]));
  });
  afterAll(() => copy?.remove());

  test('a name that exists is refused in one sentence, and nothing is written', async () => {
    const before = await copy.changes();
    const { code, output } = await copy.run('nx', 'g', '@rookery/nx:service', 'reviews');
    expect(code).not.toBe(0);
    expect(output).toMatch(/"reviews" is taken: apps\/reviews exists already\./);
    expect(output).not.toMatch(/CREATE|UPDATE|^\s+at /m);
    expect(await copy.changes()).toBe(before);
  });

  describe('in the running platform', () => {
    const clients = mkdtempSync(join(tmpdir(), 'rookery-clients-'));
    let platform: StartedPlatform;
    let keeper: { authorization: string };
    let reader: { authorization: string };

    const tokenOf = async ({ id, secret }: typeof KEEPER) => {
      const { status, body } = await call(`${platform.gatewayUrl}/auth/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      });
      expect(status).toBe(200);
      return { authorization: `Bearer ${body.access_token}` };
    };

    beforeAll(async () => {
      const file = join(clients, 'clients.json');
      writeFileSync(file, JSON.stringify([KEEPER, READER]), { mode: 0o600 });
      const only = ['gateway', 'api-docs', ...NAMES];
      const env = { ...copy.environment, AUTH_CLIENTS_FILE: file };
      platform = await startPlatform({ root: copy.root, only, env });
      [keeper, reader] = await Promise.all([tokenOf(KEEPER), tokenOf(READER)]);
    });
    afterAll(async () => {
      await platform?.stop();
      rmSync(clients, { recursive: true, force: true });
    });

    const addressOf = ({ name, ...kind }: (typeof KINDS)[number]) =>
      'at' in kind ? `${platform.gatewayUrl}${kind.at}` : `${platform.urls(name)[0]}/api/${name}`;
    const json = { title: 'The first one' };

    test.each(KINDS)('$name takes who has a token that says so', async (kind) => {
      const url = addressOf(kind);
      const placed = await eventually(`${kind.name} behind the gateway`, async () => {
        const answer = await call(url, { json, headers: keeper });
        return answer.status === 201 ? answer : undefined;
      });
      const shown = await call(new URL(placed.headers.get('location') ?? '', url).href, { headers: reader });
      expect(shown).toMatchObject({ status: 200, body: placed.body });
      expect((await call(url, { json: { title: 7 }, headers: keeper })).status).toBe(400);
    });

    test.each(KINDS)('$name refuses who has none, a forged one, or one that says less', async (kind) => {
      const url = addressOf(kind);
      const forged = { authorization: `${keeper.authorization.slice(0, -6)}AAAAAA` };
      expect(await call(url, { json })).toMatchObject({ status: 401, body: { code: 'TOKEN_MISSING' } });
      expect(await call(url, { json, headers: forged })).toMatchObject({
        status: 401,
        body: { code: 'TOKEN_REFUSED' },
      });
      const less = await call(url, { json, headers: reader });
      expect(less).toMatchObject({ status: 403, body: { code: 'PERMISSION_MISSING' } });
      expect((await call(url)).status).toBe('public' in kind ? 200 : 401);
    });

    test('the gateway leads neither to the internal one, nor past the route of another', async () => {
      for (const path of ['/api/order-notes', '/api/ratings']) {
        expect((await call(`${platform.gatewayUrl}${path}`, { headers: keeper })).status, path).toBe(404);
      }
    });

    test('all stand in the documentation centre', async () => {
      await eventually('every new service with its document', async () => {
        const { body } = await call(`${platform.gatewayUrl}/docs/services.json`);
        const documented = body.services.filter((one: { document: { state: string } }) => one.document.state === 'ok');
        const shown = documented.map(({ name }: { name: string }) => name);
        return NAMES.every((name) => shown.includes(name)) || undefined;
      });
    });

    test('the one with a handler takes messages, for those who may', async () => {
      const messaging = await platform.messaging();
      const [id, payload] = [randomUUID(), { title: 'By message' }];
      const principal = { subject: 'ada', roles: [], permissions: ['subtitle:create'] };
      const message = { topic: 'subtitle.requested', payload, headers: {}, occurredAtMs: Date.now() };
      const forNobody = { ...message, id: randomUUID() };
      await messaging.publish([forNobody, { ...message, id, principal }]);
      const shown = await eventually('what the message asked for', async () => {
        const answer = await call(`${platform.gatewayUrl}/api/subtitles/${id}`, { headers: reader });
        return answer.status === 200 ? answer : undefined;
      });
      expect(shown.body).toMatchObject({ id, title: 'By message' });
      await eventually('the one for nobody is a dead letter', async () => {
        const letters = await messaging.deadLetters('subtitles');
        return letters.some((letter) => letter.id === forNobody.id) || undefined;
      });
    });

    test('clients of them are written, from a .proto and from a live OpenAPI document', async () => {
      const openapi = `${platform.gatewayUrl}/docs/specs/ratings.json`;
      await copy.mustRun('nx', 'g', '@rookery/nx:client', 'order-notes', '--into=reviews');
      await generate(['client', { service: 'ratings', into: 'reviews', openapi }]);
      const client = readFileSync(join(copy.root, 'apps/reviews/src/ratings/ratings-client.ts'), 'utf8');
      expect(client).toContain("list: get('/shop/ratings'");
    });
  });

  test('they lint, keep the import rules, compile, pass their specs and those of the deployment, and npm agrees', async () => {
    const postgres = await startPostgres();
    const specs = [
      ...FOLDERS.map((folder) => `${folder}/`),
      'deploy/stack/compose.spec.ts',
      'tests/kubernetes/manifests',
    ];
    const env = postgres ? [`ROOKERY_TEST_POSTGRES_URL=${postgres.url}`] : [];
    const lock = () => readFileSync(join(copy.root, 'package-lock.json'), 'utf8');
    const written = lock();
    const [output] = await Promise.all([
      copy.mustRun('env', ...env, 'vitest', 'run', '--project', 'unit', '--no-isolate', '--maxWorkers=1', ...specs),
      copy.mustRun('tsc', '-b', ...FOLDERS),
      copy.mustRun('depcruise', '--config', '.dependency-cruiser.js', ...FOLDERS, 'libs/contracts'),
      copy.mustRun('biome', 'check', ...FOLDERS, 'apps/gateway', 'libs/contracts', 'deploy', 'tsconfig.json'),
      copy.mustRun('npm', 'install', '--package-lock-only', '--offline', '--ignore-scripts'),
    ]).finally(() => postgres?.stop());
    expect(output).not.toContain('skipped');
    expect(lock()).toBe(written);
  });

  test('a service that another one calls is not taken out', async () => {
    const sentence = 'apps/reviews/src/ratings/ratings-client.ts uses "ratings": take that out first.';
    await expect(generate(['remove', { name: 'ratings' }])).rejects.toThrow(sentence);
  });

  test('they are taken out again without a trace', async () => {
    const [first = '', ...others] = NAMES;
    await copy.mustRun('nx', 'g', '@rookery/nx:remove', first);
    await generate(...others.map((name) => ['remove', { name }] as [string, object]));
    expect(await copy.changes()).toBe('');
    expect(links()).toEqual(before);
  });
});
