import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StartedPlatform, startPlatform } from '../platform/platform.ts';
import { call, eventually } from './client.ts';
import { WorkspaceCopy } from './workspace-copy.ts';

const SERVICES: ReadonlyArray<readonly [name: string, ...options: string[]]> = [
  ['reviews'],
  ['ratings', '--database'],
  ['order-notes', '--grpc'],
  ['subtitles', '--messaging', '--database', '--grpc', '--purpose=Subtitles that viewers ask for'],
];
const NAMES = SERVICES.map(([name]) => name);
const FOLDERS = NAMES.map((name) => `apps/${name}`);

describe('one service of each kind, generated into a copy of the workspace', { timeout: 120_000 }, () => {
  let copy: WorkspaceCopy;
  let before: Record<string, string>;
  /** What a service writes outside of its own folder, and the names of all services. */
  const sharedFiles = (): Record<string, string> => {
    const text = (path: string) => readFileSync(join(copy.root, path), 'utf8');
    const below = (folder: string) => readdirSync(join(copy.root, folder), { recursive: true, encoding: 'utf8' });
    const folders = ['libs/contracts/src', 'libs/contracts/proto', 'deploy/kubernetes'].flatMap(below);
    return {
      apps: readdirSync(join(copy.root, 'apps')).join(),
      files: folders.sort().join(),
      linked: readdirSync(join(copy.root, 'node_modules/@rookery-apps')).join(),
      lock: text('package-lock.json'),
      references: text('tsconfig.json'),
      contracts: text('libs/contracts/src/index.ts'),
      kustomization: text('deploy/kubernetes/base/kustomization.yaml'),
    };
  };

  beforeAll(async () => {
    copy = await WorkspaceCopy.make();
    before = sharedFiles();
    for (const service of SERVICES) await copy.mustRun('nx', 'g', '@rookery/nx:service', ...service);
  });
  afterAll(() => copy?.remove());

  test('is linked, and the lock file knows it', () => {
    const lock = JSON.parse(readFileSync(join(copy.root, 'package-lock.json'), 'utf8'));
    for (const name of NAMES) {
      expect(lock.packages[`node_modules/@rookery-apps/${name}`]).toMatchObject({ link: true });
    }
  });

  test('lints, keeps the import rules and compiles', async () => {
    await Promise.all([
      copy.mustRun('biome', 'check', ...FOLDERS, 'libs/contracts', 'tsconfig.json'),
      copy.mustRun('depcruise', '--config', '.dependency-cruiser.js', ...FOLDERS, 'libs/contracts'),
      copy.mustRun('tsc', '-b', ...FOLDERS),
    ]);
  });

  test('passes its own specs', async () => {
    const output = await copy.mustRun('vitest', 'run', '--project', 'unit', ...FOLDERS);
    expect(output).not.toContain('skipped');
  });

  test.each([
    ['an existing name', 'reviews', /"reviews" is taken: apps\/reviews exists already\./],
    ['the name of a library', 'messaging', /"messaging" is/],
    ['a bad name', 'Order_Notes', /"Order_Notes" is not a name for a service: .+\./],
  ])('%s is refused in one sentence, and nothing is written', async (_what, name, sentence) => {
    const before = readFileSync(join(copy.root, 'tsconfig.json'), 'utf8');
    const { code, output } = await copy.run('nx', 'g', '@rookery/nx:service', name);
    expect(code).not.toBe(0);
    expect(output).toMatch(sentence);
    expect(output).not.toMatch(/CREATE|UPDATE|^\s+at /m);
    expect(readFileSync(join(copy.root, 'tsconfig.json'), 'utf8')).toBe(before);
  });

  describe('in the running platform', () => {
    let platform: StartedPlatform;

    beforeAll(async () => {
      const only = ['gateway', 'api-docs', ...NAMES];
      platform = await startPlatform({ root: copy.root, only, env: copy.environment });
    });
    afterAll(() => platform?.stop());

    test.each(NAMES)('%s answers through the gateway', async (name) => {
      const url = `${platform.gatewayUrl}/api/${name}`;
      const placed = await eventually(`${name} behind the gateway`, async () => {
        const answer = await call(url, { json: { title: 'The first one' } });
        return answer.status === 201 ? answer : undefined;
      });
      const shown = await call(`${platform.gatewayUrl}${placed.headers.get('location')}`);
      expect(shown.body).toEqual(placed.body);
      expect((await call(url, { json: { title: 7 } })).status).toBe(400);
    });

    test('all stand in the documentation centre', async () => {
      await eventually('every new service with its document', async () => {
        const { body } = await call(`${platform.gatewayUrl}/docs/services.json`);
        const documented = body.services.filter((one: { document: { state: string } }) => one.document.state === 'ok');
        const shown = documented.map(({ name }: { name: string }) => name);
        return NAMES.every((name) => shown.includes(name)) || undefined;
      });
    });

    test('the one with a handler takes messages', async () => {
      const messaging = await platform.messaging();
      const [id, payload] = [randomUUID(), { title: 'By message' }];
      await messaging.publish([{ id, topic: 'subtitle.requested', payload, headers: {}, occurredAtMs: Date.now() }]);
      const shown = await eventually('what the message asked for', async () => {
        const answer = await call(`${platform.gatewayUrl}/api/subtitles/${id}`);
        return answer.status === 200 ? answer : undefined;
      });
      expect(shown.body).toMatchObject({ id, title: 'By message' });
    });

    test('clients of them, from a .proto and from a live OpenAPI document, lint and compile', async () => {
      const openapi = `--openapi=${platform.gatewayUrl}/docs/specs/ratings.json`;
      await copy.mustRun('nx', 'g', '@rookery/nx:client', 'order-notes', '--into=reviews');
      await copy.mustRun('nx', 'g', '@rookery/nx:client', 'ratings', '--into=reviews', openapi);
      const client = readFileSync(join(copy.root, 'apps/reviews/src/ratings/ratings-client.ts'), 'utf8');
      expect(client).toContain("list: get('/api/ratings'");
      await copy.mustRun('biome', 'check', 'apps/reviews');
      await copy.mustRun('depcruise', '--config', '.dependency-cruiser.js', 'apps/reviews');
      await copy.mustRun('tsc', '-b', 'apps/reviews');
    });
  });

  test('a service that another one calls is not taken out', async () => {
    const { code, output } = await copy.run('nx', 'g', '@rookery/nx:remove', 'ratings');
    expect(code).not.toBe(0);
    expect(output).toContain('apps/reviews/src/ratings/ratings-client.ts uses "ratings": take that out first.');
  });

  test('they are taken out again without a trace', async () => {
    for (const name of NAMES) await copy.mustRun('nx', 'g', '@rookery/nx:remove', name);
    expect(sharedFiles()).toEqual(before);
  });
});
