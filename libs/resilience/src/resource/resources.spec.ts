import { RookeryError, runWithRequest, startTracing } from '@rookery/observability';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Rules } from '../rules/rule.ts';
import { explain } from '../state/explain.ts';
import { hystrixEvents } from '../state/hystrix-events.ts';
import { snapshot } from '../state/snapshot.ts';
import { Resources, type ResourcesOptions } from './resources.ts';

const NAME = 'http:GET /orders';

const make = (rules: Record<string, object> = {}, options: ResourcesOptions = {}) => {
  const time = { nowMs: 1_000_000 };
  const resources = new Resources({ clock: () => time.nowMs, ...options });
  const load = (given: Record<string, object>) =>
    resources.load(
      Rules.parse(Object.fromEntries(Object.entries(given).map(([id, rule]) => [id, { resource: NAME, ...rule }]))),
    );
  load(rules);
  const call = (facts = {}, work = async () => 'ok') =>
    resources.run(NAME, work, facts).catch((error) => error.code as string);
  return { resources, time, load, call };
};
const fail = () => Promise.reject(new RookeryError('DOWN', 'Down.', { status: 503 }));

beforeAll(startTracing);

describe('a call of a resource', () => {
  it('passes where there is no rule, and is counted', async () => {
    const { resources, call } = make();
    expect(await call()).toBe('ok');
    expect(await call({}, fail)).toBe('DOWN');
    await resources.run(NAME, () => Promise.reject(new RookeryError('NO', '', { status: 404 }))).catch(() => {});
    expect(resources.find(NAME)?.totals).toMatchObject({ passed: 3, succeeded: 2, failed: 1 });
  });

  it('that was refused is remembered with who called, whatever passes after it', async () => {
    const { resources, time, call } = make({ few: { kind: 'flow', limit: 1 } });
    await call();
    await call({ origin: 'ada' });
    for (let each = 0; each < 200; each++) {
      time.nowMs += 1_001;
      await call();
    }
    expect(snapshot(resources)[0]?.refusals).toMatchObject([
      { decision: 'refused', rule: 'few', kind: 'flow', who: 'ada', atMs: 1_000_000 },
    ]);
  });

  it('is refused with a status, the time to wait and the rule', async () => {
    const { resources } = make({ few: { kind: 'flow', limit: 0 } });
    await expect(resources.run(NAME, async () => 1)).rejects.toMatchObject({
      code: 'FLOW_LIMITED',
      status: 429,
      details: { resource: NAME, rule: 'few' },
      retryAfterMs: expect.any(Number),
    });
  });

  it.each([
    ['ORIGIN_FORBIDDEN', { kind: 'authority', origins: ['shop'] }],
    ['PARAMETER_LIMITED', { kind: 'hot-parameter', parameter: 'id', limit: 0 }],
    ['FLOW_LIMITED', { kind: 'flow', limit: 0 }],
  ])('is decided in the order of Sentinel: %s before what comes after it', async (code, rule) => {
    const all = {
      z: { kind: 'authority', origins: ['shop'] },
      y: { kind: 'hot-parameter', parameter: 'id', limit: 0 },
      x: { kind: 'flow', limit: 0 },
    };
    const later = Object.fromEntries(
      Object.entries(all).slice(Object.values(all).findIndex(({ kind }) => kind === rule.kind)),
    );
    expect(await make(later).call({ parameters: { id: 1 } })).toBe(code);
  });

  it('that another rule refuses uses nothing up', async () => {
    const { call, time } = make({
      film: { kind: 'hot-parameter', parameter: 'id', limit: 1 },
      all: { kind: 'flow', limit: 1 },
    });
    expect([await call({ parameters: { id: 1 } }), await call({ parameters: { id: 2 } })]).toEqual([
      'ok',
      'FLOW_LIMITED',
    ]);
    time.nowMs += 1_100;
    expect(await call({ parameters: { id: 2 } })).toBe('ok');
  });

  it('is stopped by a system rule only where it came from outside', async () => {
    const { call, resources } = make({}, { machine: () => ({ load: 1, cpu: 1 }) });
    resources.load(Rules.parse({ all: { kind: 'system', qps: 1 } }));
    const results = [await call({ inbound: true }), await call({ inbound: true })];
    results.push(await resources.run('client', async () => 'ok'));
    expect(results).toEqual(['ok', 'SYSTEM_OVERLOADED', 'ok']);
  });

  it('is known by its caller and by the way it came in', async () => {
    const { call } = make({
      who: { kind: 'authority', origins: ['shop'] },
      way: { kind: 'flow', strategy: 'chain', entrance: 'http:GET /a', limit: 0 },
    });
    const principal = { subject: 'shop', roles: [], permissions: [] };
    expect(await call()).toBe('ORIGIN_FORBIDDEN');
    expect(await runWithRequest({ principal }, call)).toBe('ok');
    expect(await runWithRequest({ principal, entrance: 'http:GET /a' }, call)).toBe('FLOW_LIMITED');
  });

  it('waits for its turn, unless that is after its deadline, and leaves when its caller does', async () => {
    vi.useFakeTimers();
    try {
      const { call, resources } = make({
        queue: { kind: 'flow', behaviour: 'queueing', limit: 10, maxQueueMs: 1_000 },
      });
      expect(await call()).toBe('ok');
      const second = call();
      expect(await call({ maxWaitMs: 150 })).toBe('FLOW_LIMITED');
      const controller = new AbortController();
      const third = resources.run(NAME, async () => 1, { signal: controller.signal });
      const outcome = expect(third).rejects.toThrow('left');
      controller.abort(new Error('left'));
      await outcome;
      expect(resources.find(NAME)?.running).toBe(1);
      await vi.advanceTimersByTimeAsync(100);
      expect(await second).toBe('ok');
      expect(vi.getTimerCount()).toBe(0);
      const kinds = explain(resources, NAME)?.map(({ decision }) => decision);
      expect(kinds).toContain('waited');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('rules that change', () => {
  it('go on counting where they stay, and from what was counted where a limit changes', async () => {
    const { load, call } = make({ a: { kind: 'flow', limit: 2 } });
    await call();
    load({ a: { kind: 'flow', limit: 2 }, b: { kind: 'flow', limit: 100 } });
    expect([await call(), await call()]).toEqual(['ok', 'FLOW_LIMITED']);
    load({ a: { kind: 'flow', limit: 3 } });
    expect([await call(), await call()]).toEqual(['ok', 'FLOW_LIMITED']);
    load({});
    expect(await call()).toBe('ok');
  });

  it('reach calls that run: what a removed rule counted does not come back to harm', async () => {
    const { load, resources, call } = make({ a: { kind: 'flow', grade: 'concurrency', limit: 1 } });
    const { promise, resolve } = Promise.withResolvers<string>();
    const running = resources.run(NAME, () => promise);
    expect(await call()).toBe('FLOW_LIMITED');
    load({ a: { kind: 'flow', grade: 'concurrency', limit: 2 } });
    expect(await call()).toBe('ok');
    resolve('ok');
    await running;
    expect(resources.find(NAME)?.running).toBe(0);
  });

  it.each([
    [{ a: { kind: 'flow', resource: NAME, limit: 'many' } }, 'a.limit'],
    [{ a: { kind: 'flow', resource: NAME, limit: 1, behavior: 'reject' } }, 'a'],
    [{ a: { kind: 'breaker', resource: NAME } }, 'a.kind'],
    [{ 'bad id': { kind: 'flow', resource: NAME, limit: 1 } }, 'bad id'],
  ])('and are wrong are named by their path: %o', (rules, path) => {
    expect(Rules.safeParse(rules).error?.issues[0]?.path.join('.')).toBe(path);
  });
});

describe('a rule in shadow', () => {
  it('refuses nothing, and counts what it would refuse as if it did', async () => {
    const { call, resources, load } = make({ try: { kind: 'flow', limit: 2, shadow: true } });
    for (let each = 0; each < 5; each++) expect(await call()).toBe('ok');
    expect(snapshot(resources)[0]).toMatchObject({
      passed: 5,
      shadowed: 3,
      refused: 0,
      rules: [{ id: 'try', shadow: true, refused: 3 }],
    });
    expect(explain(resources, NAME)?.[0]).toMatchObject({ decision: 'shadowed', rule: 'try', kind: 'flow' });
    load({ try: { kind: 'degrade', measure: 'error-ratio', threshold: 0.5, minimumCalls: 2, shadow: true } });
    for (let each = 0; each < 4; each++) expect(await call({}, fail)).toBe('DOWN');
    expect(snapshot(resources)[0]).toMatchObject({ circuit: 'closed', rules: [{ circuit: 'open', refused: 2 }] });
  });
});

describe('the state of a resource', () => {
  it('says which rule decided the last calls, and why', async () => {
    const { call, resources } = make({ few: { kind: 'flow', limit: 1 } });
    await call();
    await call();
    expect(explain(resources, NAME)).toEqual([
      {
        atMs: 1_000_000,
        decision: 'refused',
        rule: 'few',
        kind: 'flow',
        reason: 'it had 1 calls in the last second; the limit is 1',
      },
      { atMs: 1_000_000, decision: 'passed', reason: 'no rule had anything against it' },
    ]);
    expect(explain(resources, 'nobody')).toBeUndefined();
    for (let each = 0; each < 300; each++) await call();
    expect(explain(resources, NAME)).toHaveLength(100);
  });

  it('shows an open circuit, its changes and shares, also as a hystrix.stream', async () => {
    const heard: string[] = [];
    const { call, resources, time } = make(
      { ill: { kind: 'degrade', measure: 'error-ratio', threshold: 0.5, minimumCalls: 4 } },
      { onCircuit: (resource, of, state) => heard.push(`${resource} ${of} ${state}`) },
    );
    const slowly = (work: () => Promise<string>) => () => {
      time.nowMs += 50;
      return work();
    };
    await call(
      {},
      slowly(async () => 'ok'),
    );
    for (let each = 0; each < 3; each++) await call({}, slowly(fail));
    expect(await call()).toBe('RESOURCE_DEGRADED');
    expect(snapshot(resources)[0]).toMatchObject({
      circuit: 'open',
      circuits: { ill: 'open' },
      changes: [{ of: 'ill', state: 'open' }],
      errorShare: 0.75,
      shortCircuited: 1,
      meanMs: 50,
    });
    expect(heard).toEqual([`${NAME} ill open`]);
    expect(hystrixEvents(resources, 'orders')[0]).toMatchObject({
      type: 'HystrixCommand',
      name: NAME,
      group: 'orders',
      isCircuitBreakerOpen: true,
      errorPercentage: 80,
      requestCount: 5,
      rollingCountFailure: 3,
      rollingCountShortCircuited: 1,
      rollingCountSuccess: 1,
      latencyExecute: { '50': expect.any(Number) },
    });
  });

  it('is kept of a bounded number of resources; those that a rule names are always there', async () => {
    const { resources } = make({}, { maxResources: 2 });
    for (let each = 0; each < 10; each++) await resources.run(`made-up-${each}`, async () => 1);
    expect(resources.all).toHaveLength(2);
    resources.load(Rules.parse({ a: { kind: 'flow', resource: 'named', limit: 0 } }));
    await expect(resources.run('named', async () => 1)).rejects.toMatchObject({ code: 'FLOW_LIMITED' });
  });
});
