import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { routesInSlices } from '../../routes/read-routes.ts';
import { parseSettings } from '../../testing/parse-settings.ts';
import { type Rig, startRig } from '../../testing/rig.ts';

const home = mkdtempSync(join(tmpdir(), 'rookery-filters-'));
const folder = join(home, 'filters');
mkdirSync(folder);
vi.stubEnv('GATEWAY_FILTERS', folder);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const file = (name: string, text: string, at = folder) => writeFileSync(join(at, name), text);

async function ask(settings: Record<string, unknown>) {
  rig = await startRig({
    routes: [{ id: 'all', path: '/api/**', service: 'catalog', filters: [{ name: 'custom', ...settings }] }],
  });
  const { port } = await rig.upstream((request, response) => response.end(`${request.headers['x-lane']}`));
  rig.registry.set('catalog', port);
  const response = await fetch(`${rig.url}/api/films`);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

it('a function is asked about each request, and may change it or answer', async () => {
  file(
    'lane.ts',
    `interface Call { path: string; setHeader(name: string, value: string): void }
    export default (call: Call): undefined => { call.setHeader('x-lane', call.path.slice(1)); };`,
  );
  expect(await ask({ file: 'lane.ts' })).toMatchObject({ status: 200, text: 'api/films' });
  await rig?.close();
  file(
    'teapot.ts',
    `export default async (call) => { call.answer(418, ['x-by', 'custom'], 'tea'); return 'answered'; };`,
  );
  const answered = await ask({ file: 'teapot.ts' });
  expect(answered).toMatchObject({ status: 418, text: 'tea' });
  expect(answered.headers.get('x-by')).toBe('custom');
});

it('a kind has settings of its own, and sees responses', async () => {
  file(
    'mark.mjs',
    `export default {
      name: 'mark',
      schema: { safeParse: (data) => typeof data.mark === 'string'
        ? { success: true, data }
        : { success: false, error: { issues: [{ path: ['mark'], message: 'expected a text' }] } } },
      create: ({ mark }) => ({ name: 'mark', onResponse: (call) => call.setResponseHeader('x-mark', mark) }),
    };`,
  );
  expect((await ask({ file: 'mark.mjs', settings: { mark: 'blue' } })).headers.get('x-mark')).toBe('blue');
  await rig?.close();
  await expect(ask({ file: 'mark.mjs', settings: {} })).rejects.toThrow(
    /routes\.0\.filters\.0\.settings\.mark: mark\.mjs: expected a text/,
  );
});

it('stays as it is, with what it knows, when other routes change', async () => {
  file(
    'count.mjs',
    `export default {
      name: 'count',
      schema: { safeParse: (data) => ({ success: true, data }) },
      create: () => {
        let asked = 0;
        return { name: 'count', onResponse: (call) => call.setResponseHeader('x-asked', String(++asked)) };
      },
    };`,
  );
  const counted = { id: 'all', path: '/api/**', service: 'catalog', filters: [{ name: 'custom', file: 'count.mjs' }] };
  const settings = routesInSlices();
  const read = async (...others: object[]) => ({
    ...parseSettings({ routes: [] }),
    routes: await settings.parseAsync([counted, ...others]),
  });
  rig = await startRig();
  const { port } = await rig.upstream((_, response) => response.end());
  rig.registry.set('catalog', port);
  const asked = async () => (await fetch(`${rig?.url}/api/films`)).headers.get('x-asked');
  rig.gateway.apply(await read());
  expect([await asked(), await asked()]).toEqual(['1', '2']);
  rig.gateway.apply(await read({ id: 'other', path: '/other', service: 'catalog' }));
  expect(await asked()).toBe('3');
});

it('what a filter throws is a refusal with its name', async () => {
  file('throws.ts', `export default () => { throw new Error('secret reason'); };`);
  const { status, headers, text } = await ask({ file: 'throws.ts' });
  expect(status).toBe(500);
  expect(headers.get('x-refused-by')).toBe('throws.ts');
  expect(text).not.toContain('secret reason');
});

it.each([
  ['is not there', 'none.ts', undefined, /none\.ts: there is no none\.ts in /],
  ['does not parse', 'broken.ts', 'export default (call) => {', /broken\.ts: ./],
  ['throws when it is loaded', 'early.ts', `throw new Error('no such table');`, /early\.ts: no such table/],
  ['exports something else', 'other.ts', 'export default 7;', /other\.ts: its default export is neither/],
  ['has types that are more than types', 'enums.ts', 'enum A { B }\nexport default () => {};', /enums\.ts: .*enum/i],
])('settings that name a file that %s are refused with file and reason', async (_, name, text, reason) => {
  if (text !== undefined) file(name, text);
  await expect(ask({ file: name })).rejects.toThrow(reason);
});

it('no file outside of the folder is loaded, by no way', async () => {
  file('outside.ts', `export default () => {};`, home);
  symlinkSync(join(home, 'outside.ts'), join(folder, 'link.ts'));
  for (const name of ['../outside.ts', join(home, 'outside.ts'), 'link.ts'])
    await expect(ask({ file: name })).rejects.toThrow(/filters\.0\.file/);
});
