import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseSettings } from '../settings.ts';
import { FILTER_KINDS } from './kinds.ts';

const pageOf = (name: string): string => readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8');
const page = pageOf('gateway-filters.md');
const fromSpring = pageOf('gateway-from-spring.md');
const rows = Array.from(page.matchAll(/^\| `([a-z-]+)`/gm), ([, name]) => name);

it('docs/gateway-filters.md names every kind of filter, in the order in which they run', () => {
  expect(FILTER_KINDS.map(({ name }) => name).filter((name) => !rows.includes(name))).toEqual([]);
  const orders = rows.flatMap((row) => FILTER_KINDS.find(({ name }) => name === row)?.order ?? []);
  expect(orders).toEqual(orders.toSorted((a, b) => a - b));
});

it('docs/gateway-from-spring.md speaks of no filter that there is not', () => {
  const known = new Set(FILTER_KINDS.map(({ name }) => name));
  const [, filters = ''] = fromSpring.split('## Filters');
  const named = Array.from(filters.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g), ([, name]) => name ?? '');
  expect(named.length).toBeGreaterThan(15);
  // What is Spring's own in these tables.
  const theirs = ['default-filters', 'connect-timeout', 'response-timeout'];
  expect(named.filter((name) => !known.has(name) && !theirs.includes(name))).toEqual([]);
});

const examples = Array.from(`${page}${fromSpring}`.matchAll(/```json\n([\s\S]*?)```/g), ([, text]) =>
  JSON.parse(text ?? ''),
);

it.each(examples.map((example) => [JSON.stringify(example).slice(0, 60), example] as const))(
  'its example %s is taken',
  (_, example) => {
    if (!Array.isArray(example)) {
      expect(parseSettings(example).routes).not.toHaveLength(0);
      return;
    }
    // The file of a custom filter is the reader's own.
    const filters = example.filter(({ name }) => name !== 'custom');
    if (filters.length === 0) return;
    const route = { id: 'one', path: '/api/{shop}/**', service: 'orders', filters };
    expect(parseSettings({ routes: [route] }).routes[0]?.filters).toHaveLength(filters.length);
  },
);
