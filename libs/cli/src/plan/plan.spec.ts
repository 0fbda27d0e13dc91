import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { App } from '../workspace/projects.ts';
import { planStart, stopOrder } from './plan.ts';

const app = (name: string, needs: string[] = [], port?: number): App => ({
  name,
  packageName: `@rookery-apps/${name}`,
  directory: `/w/apps/${name}`,
  kind: 'app',
  dependencies: [],
  app: { purpose: '', needs, ...(port && { port }) },
});

const APPS = [
  app('catalog', ['registry', 'postgres']),
  app('config-center', ['postgres'], 8090),
  app('gateway', ['registry'], 8080),
  app('orders', ['registry', 'postgres', 'config-center']),
  app('registry', [], 8500),
];
const names = (plan: ReturnType<typeof planStart>) => plan.apps.map(({ app: { name } }) => name);

describe('the plan of a start', () => {
  test('everything, when nothing is named', () => {
    const plan = planStart(APPS);
    expect(names(plan).sort()).toEqual(APPS.map(({ name }) => name).sort());
    expect(plan.postgres).toBe(true);
  });

  test('--only brings what the named apps need, transitively, and nothing else', () => {
    expect(names(planStart(APPS, { only: ['gateway'] }))).toEqual(['registry', 'gateway']);
    expect(planStart(APPS, { only: ['gateway'] }).postgres).toBe(false);
    expect(names(planStart(APPS, { only: ['orders'] }))).toEqual(['registry', 'config-center', 'orders']);
    expect(planStart(APPS, { only: ['orders'] }).postgres).toBe(true);
  });

  test('a part that is met from outside is not started', () => {
    const plan = planStart(APPS, { external: new Set(['registry', 'postgres']) });
    expect(names(plan)).not.toContain('registry');
    expect(plan.postgres).toBe(false);
  });

  test('--scale sets the instances of one app', () => {
    const plan = planStart(APPS, { scale: new Map([['catalog', 2]]) });
    expect(plan.apps.map(({ instances }) => instances).sort()).toEqual([1, 1, 1, 1, 2]);
  });

  test.each([
    [{ only: ['nope'] }, /--only names "nope".*gateway/],
    [{ scale: new Map([['nope', 2]]) }, /--scale names "nope".*gateway/],
    [{ scale: new Map([['registry', 2]]) }, /registry runs once/],
    [{ only: ['gateway'], scale: new Map([['orders', 2]]) }, /orders, which --only leaves out/],
  ])('%o is refused with one sentence', (options, sentence) => {
    expect(() => planStart(APPS, options)).toThrow(sentence);
  });

  test('a need that no app meets names the file that asks for it', () => {
    expect(() => planStart([app('lonely', ['nobody'])])).toThrow('apps/lonely/package.json');
  });

  test('whatever is chosen, each app stands after those it needs, and stops before them', () => {
    fc.assert(
      fc.property(fc.subarray(APPS.map(({ name }) => name)), (only) => {
        const plan = planStart(APPS, { only });
        const started = names(plan);
        const stopped = stopOrder(plan.apps.map((planned) => planned.app));
        const group = (name: string) => stopped.findIndex((some) => some.includes(name));
        for (const { app: one } of plan.apps) {
          for (const need of one.app.needs) {
            if (need !== 'postgres') expect(started.indexOf(need)).toBeLessThan(started.indexOf(one.name));
            expect(group(need)).toBeGreaterThan(group(one.name));
          }
        }
      }),
    );
  });

  test('apps that need each other still stop', () => {
    expect(stopOrder([app('a', ['b']), app('b', ['a'])])[0]).toEqual(['a', 'b']);
  });

  test('the registry stops after every service, also after one that does not name it', () => {
    expect(stopOrder(APPS)).toEqual([['catalog', 'gateway', 'orders'], ['config-center'], ['registry'], ['postgres']]);
  });
});
