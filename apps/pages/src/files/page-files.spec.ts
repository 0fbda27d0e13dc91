import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { filmPage } from '../pages/page-data.ts';
import { PagesSettings } from '../settings.ts';
import { PageRenderer } from '../template/page-renderer.ts';
import { PageFiles } from './page-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'rookery-pages-'));
afterAll(() => rmSync(folder, { recursive: true }));

const files = new PageFiles(new PagesSettings({ PAGES_FOLDER: folder, PAGES_AHEAD: 'true' }), new PageRenderer());
const page = (version: number) =>
  filmPage('en', { id: 'film-0001', title: 'Film', priceCents: 1_000 + version, version });
const at = (filmId: string) => ({ kind: 'film', language: 'en', filmId }) as const;

it('writes a page once, and again when it is newer, never when it is older', async () => {
  const read = () => readFileSync(files.pathOf(at('film-0001')), 'utf8');
  expect(await files.put(at('film-0001'), page(5))).toBe(true);
  expect(await files.put(at('film-0001'), page(5))).toBe(false);
  expect(await files.put(at('film-0001'), page(4))).toBe(false);
  expect(read()).toContain('$10.05');
  expect(await files.put(at('film-0001'), page(6))).toBe(true);
  expect(read()).toContain('$10.06');
});

it('ends at the newest of many at once, and leaves nothing else behind', async () => {
  const versions = Array.from({ length: 50 }, (_, index) => (index * 17) % 50);
  await Promise.all(versions.map((version) => files.put(at('film-0002'), page(version))));
  const path = files.pathOf(at('film-0002'));
  expect(readFileSync(path, 'utf8')).toContain('$10.49');
  expect(readdirSync(dirname(path)).toSorted()).toEqual(['film-0001.html', 'film-0002.html']);
});

it('says which setting is wrong', () => {
  expect(() => new PagesSettings({ PAGES_AHEAD: 'yes' })).toThrow(
    /PAGES_AHEAD: expected true or false, received "yes"/,
  );
});
