import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { AppliedReport, ConfigSource, SettingsTree, Snapshot } from './config.ts';
import type { Rejection } from './config-hub.ts';
import { createConfig } from './create-config.ts';
import { environmentSource } from './drivers/environment.ts';

const schema = z.object({
  maxItems: z.number().int().min(1).default(20),
  currency: z.enum(['EUR', 'USD']).default('EUR'),
  password: z.string().min(3).optional(),
  limits: z.object({ perCustomer: z.number().default(3), tags: z.array(z.string()).default([]) }).prefault({}),
});

/** A source in this process that pushes what it is told. */
class MemorySource implements ConfigSource {
  readonly reports: AppliedReport[] = [];
  listener: ((snapshot: Snapshot) => void) | undefined;
  last: Snapshot | undefined;
  #current: Snapshot;

  constructor(
    settings: SettingsTree = {},
    readonly name = 'memory',
    version = 1,
  ) {
    this.#current = { version, settings };
  }

  load = async () => this.#current;
  lastApplied = async () => this.last;
  close = async () => {};
  watch(listener: (snapshot: Snapshot) => void) {
    this.listener = listener;
    return {
      close: () => {
        this.listener = undefined;
      },
    };
  }
  async report(report: AppliedReport) {
    this.reports.push(report);
  }
  /** Settles once it has been looked at. */
  async push(settings: SettingsTree, version = this.#current.version + 1) {
    this.#current = { version, settings };
    this.listener?.(this.#current);
    await turn();
  }
}

it('lays sources over each other: defaults, file, centre, environment', async () => {
  const config = await createConfig({
    schema,
    sources: [
      new MemorySource({ maxItems: 1, currency: 'USD', limits: { perCustomer: 1, tags: ['file', 'old'] } }, 'file'),
      new MemorySource({ maxItems: 2, limits: { tags: ['centre'] } }, 'centre'),
      environmentSource('orders', { ORDERS__MAX_ITEMS: '3' }),
    ],
  });
  expect(config.value).toEqual({ maxItems: 3, currency: 'USD', limits: { perCustomer: 1, tags: ['centre'] } });
  await config.close();
});

it('takes text of the environment as a number, list or boolean only where the schema wants one', async () => {
  const config = await createConfig({
    schema: z.object({ zip: z.string(), port: z.number(), on: z.boolean(), names: z.array(z.string()) }),
    sources: [
      environmentSource('orders', {
        ORDERS__ZIP: '01067',
        ORDERS__PORT: '80',
        ORDERS__ON: 'true',
        ORDERS__NAMES: '["a","b"]',
      }),
    ],
  });
  expect(config.value).toEqual({ zip: '01067', port: 80, on: true, names: ['a', 'b'] });
});

it('gives a deeply frozen value', async () => {
  const { value } = await createConfig({ schema, sources: [] });
  expect(() => Object.assign(value.limits, { perCustomer: 0 })).toThrow(TypeError);
  expect(() => value.limits.tags.push('x')).toThrow(TypeError);
});

it('applies a release, tells listeners and reports it', async () => {
  const source = new MemorySource({ maxItems: 5 });
  const config = await createConfig({ schema, sources: [source] });
  const changes: [number, number][] = [];
  config.onChange((next, previous) => changes.push([next.maxItems, previous.maxItems]));
  await source.push({ maxItems: 6 });
  expect(config.value.maxItems).toBe(6);
  expect(config.version).toBe(2);
  expect(changes).toEqual([[6, 5]]);
  expect(source.reports).toEqual([
    { version: 1, applied: true },
    { version: 2, applied: true },
  ]);
});

it('refuses a bad release with path, expected and received, keeps the old value and reports why', async () => {
  const source = new MemorySource({ maxItems: 5, password: 'hunter2' });
  const rejections: Rejection[] = [];
  const config = await createConfig({
    schema,
    sources: [source],
    onRejected: (rejection) => rejections.push(rejection),
  });
  await source.push({ maxItems: 'many', password: 'hi', limits: { perCustomer: null } });
  const reason =
    'maxItems: expected number, received text; password: expected text of length >= 3, received text; ' +
    'limits.perCustomer: expected number, received null';
  expect(rejections).toEqual([{ source: 'memory', version: 2, reason }]);
  expect(source.reports.at(-1)).toEqual({ version: 2, applied: false, reason });
  expect(config.value.maxItems).toBe(5);
  expect(config.version).toBe(1);
  await source.push({ maxItems: 7 });
  expect(config.value.maxItems).toBe(7);
});

it('never goes back to an older version', async () => {
  const source = new MemorySource({ maxItems: 5 }, 'memory', 4);
  const config = await createConfig({ schema, sources: [source] });
  await source.push({ maxItems: 3 }, 3);
  await source.push({ maxItems: 4 }, 4);
  expect(config.value.maxItems).toBe(5);
});

it('stops a start with wrong settings, naming the path and never a value', async () => {
  const start = createConfig({ schema, sources: [new MemorySource({ maxItems: -77, currency: 'topsecret' })] });
  await expect(start).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(start).rejects.toThrow(
    'maxItems: expected number >= 1, received number; currency: expected one of "EUR", "USD", received text',
  );
  await expect(start).rejects.not.toThrow(/topsecret|-77/);
});

it('starts with the last applied release where the newest does not fit, and reports that', async () => {
  const source = new MemorySource({ maxItems: 'many' }, 'centre', 8);
  source.last = { version: 7, settings: { maxItems: 9 } };
  const config = await createConfig({ schema, sources: [source] });
  expect(config.value.maxItems).toBe(9);
  expect(source.reports).toEqual([
    { version: 7, applied: true },
    { version: 8, applied: false, reason: 'maxItems: expected number, received text' },
  ]);
});

it('keeps other listeners when one throws, and stops calling one that left', async () => {
  const source = new MemorySource();
  const config = await createConfig({ schema, sources: [source] });
  const heard: number[] = [];
  config.onChange(() => {
    throw new Error('mine');
  });
  const leave = config.onChange((next) => heard.push(next.maxItems));
  await source.push({ maxItems: 2 });
  leave();
  await source.push({ maxItems: 3 });
  expect(heard).toEqual([2]);
});

it('is not polluted by __proto__', async () => {
  const settings = JSON.parse('{"__proto__":{"polluted":1},"limits":{"__proto__":{"polluted":1}}}');
  await createConfig({ schema, sources: [new MemorySource(settings)] });
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
