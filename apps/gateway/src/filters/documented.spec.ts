import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { expect, it } from 'vitest';
import { parseSettings } from '../testing/parse-settings.ts';
import { FILTER_KINDS } from './kinds.ts';

const page = readFileSync(new URL('../../../../docs/gateway-filters.md', import.meta.url), 'utf8');
const rows = Array.from(page.matchAll(/^\| `([a-z-]+)`/gm), ([, name]) => name);

it('docs/gateway-filters.md names every kind of filter, in the order in which they run', () => {
  expect(FILTER_KINDS.map(({ name }) => name).filter((name) => !rows.includes(name))).toEqual([]);
  const orders = rows.flatMap((row) => FILTER_KINDS.find(({ name }) => name === row)?.order ?? []);
  expect(orders).toEqual(orders.toSorted((a, b) => a - b));
});

const TEXTS = ['docs/gateway.md', 'docs/gateway-filters.md', 'docs/gateway-from-spring.md', 'docs/gateway-protocols.md']
  .concat('apps/gateway/README.md')
  .map((path) => [path, readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8')] as const);

const blocksOf = (text: string, language: string): string[] =>
  Array.from(text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g')), ([, block]) => block ?? '');

/** What is shown of an answer, not of settings. */
const isAnswer = (example: object) => 'refused' in example;

/** Settings as an example means them: whole ones, a list of routes, one route, or a list of filters of one route. */
function settingsOf(example: Record<string, unknown> | Record<string, unknown>[]): Record<string, unknown> {
  if (!Array.isArray(example)) return 'path' in example ? { routes: [example] } : example;
  if (example.every((one) => 'path' in one)) return { routes: example };
  // The file of a custom filter is the reader's own.
  const filters = example.filter(({ name }) => name !== 'custom');
  const answers = filters.length > 0 ? filters : [{ name: 'redirect', to: '/' }];
  return { routes: [{ id: 'one', path: '/api/{shop}/**', service: 'orders', filters: answers }] };
}

const examples = TEXTS.flatMap(([path, text]) =>
  blocksOf(text, 'json').map((block) => [path, block.replace(/\s+/g, ' ').slice(0, 60), JSON.parse(block)] as const),
).filter(([, , example]) => !isAnswer(example));

it.each(examples)('%s: its example %s is taken', (_path, _head, example) => {
  expect(parseSettings(settingsOf(example)).routes).not.toHaveLength(0);
});

it('what docs/gateway.md publishes with curl is taken', () => {
  const published = blocksOf(TEXTS[0]?.[1] ?? '', 'sh').flatMap((block) => /-d '(\{[\s\S]*\})'/.exec(block)?.[1] ?? []);
  expect(published).toHaveLength(1);
  for (const text of published) expect(parseSettings(JSON.parse(text)).routes).not.toHaveLength(0);
});

it('the custom filters that docs/gateway-filters.md shows are TypeScript whose types can be taken out, and have their files in the examples', () => {
  const files = blocksOf(page, 'ts').map((block) => {
    expect(stripTypeScriptTypes(block)).toContain('export default');
    return /^\/\/ gateway-filters\/(\S+)/.exec(block)?.[1];
  });
  const used = Array.from(page.matchAll(/"name": "custom", "file": "([^"]+)"/g), ([, file]) => file);
  expect(files).toEqual(used);
});
