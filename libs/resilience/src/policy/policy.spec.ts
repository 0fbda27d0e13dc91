import { RookeryError, startTracing } from '@rookery/observability';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Resources } from '../resource/resources.ts';
import { Rules } from '../rules/rule.ts';
import { snapshot } from '../state/snapshot.ts';
import { type PolicyOptions, policy } from './policy.ts';
import { Resilient } from './resilient.ts';

const down = () => new RookeryError('DOWN', 'Down.', { status: 503 });
const never = () => new Promise<never>(() => {});

beforeAll(startTracing);
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('a policy', () => {
  it('hands an answer on', async () => {
    const run = policy({ name: 'catalog', retry: { attempts: 3 }, bulkhead: { concurrency: 2 }, breaker: {} });
    expect(await run(async (signal) => signal.aborted)).toBe(false);
    run.close();
  });

  it('bounds the whole call: attempts and pauses together', async () => {
    const run = policy({
      name: 'catalog',
      timeoutMs: 500,
      retry: { attempts: 10, tryTimeoutMs: 200, retryable: () => true },
    });
    const work = vi.fn(never);
    const startMs = Date.now();
    const outcome = expect(run(work)).rejects.toMatchObject({ status: 504 });
    await vi.runAllTimersAsync();
    await outcome;
    expect(Date.now() - startMs).toBeLessThanOrEqual(500);
    expect(work.mock.calls.length).toBeGreaterThan(1);
  });

  it('shows timeouts of attempts to the breaker, which then refuses without calling', async () => {
    const run = policy({ name: 'catalog', timeoutMs: 50, breaker: { minimumCalls: 3, openMs: 10_000 } });
    for (let call = 0; call < 3; call++) {
      const outcome = expect(run(never)).rejects.toMatchObject({ code: 'CALL_TIMEOUT' });
      await vi.advanceTimersByTimeAsync(50);
      await outcome;
    }
    await expect(run(never)).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', status: 503 });
    expect(run.breaker?.state).toBe('open');
    run.close();
  });

  it('keeps one slot for a call with all its attempts, and does not retry a refusal of the bulkhead', async () => {
    const run = policy({ name: 'catalog', retry: { attempts: 3, baseMs: 10 }, bulkhead: { concurrency: 1 } });
    const work = vi.fn(async () => {
      expect(run.bulkhead?.running).toBe(1);
      throw down();
    });
    const first = expect(run(work)).rejects.toMatchObject({ code: 'DOWN' });
    await expect(run(work)).rejects.toMatchObject({ code: 'BULKHEAD_FULL' });
    await vi.runAllTimersAsync();
    await first;
    expect(work).toHaveBeenCalledTimes(3);
    run.close();
  });

  it('falls back when all else failed, but not for a caller who left', async () => {
    const run = policy({ name: 'catalog', fallback: (error) => (error as RookeryError).code });
    expect(await run(() => Promise.reject(down()))).toBe('DOWN');
    await expect(run(never, { signal: AbortSignal.abort(new Error('left')) })).rejects.toThrow('left');
  });
});

describe('a policy with rules', () => {
  const make = (rule: object, options: Partial<PolicyOptions> = {}) => {
    const resources = new Resources();
    resources.load(Rules.parse({ rule: { resource: 'catalog', ...rule } }));
    const run = policy({ name: 'catalog', rules: { resources }, retry: { attempts: 3, baseMs: 1 }, ...options });
    return { resources, run };
  };

  it('asks them once a call, before the bulkhead, and does not retry their refusal', async () => {
    const { run, resources } = make({ kind: 'flow', limit: 1 });
    const work = vi.fn().mockRejectedValueOnce(down()).mockResolvedValue('ok');
    const call = run(work);
    await vi.runAllTimersAsync();
    expect(await call).toBe('ok');
    await expect(run(work)).rejects.toMatchObject({ code: 'FLOW_LIMITED' });
    expect(work).toHaveBeenCalledTimes(2);
    expect(resources.find('catalog')?.totals).toMatchObject({ passed: 1, succeeded: 1, refused: 1 });
    expect(resources.find('catalog')?.running).toBe(0);
    run.close();
  });

  it('answers by its fallback where they refuse, and shows its breaker beside them', async () => {
    const { run, resources } = make(
      { kind: 'authority', origins: ['shop'] },
      { breaker: { minimumCalls: 1 }, fallback: () => 'instead' },
    );
    expect(await run(async () => 'ok')).toBe('instead');
    expect(await run(() => Promise.reject(new RookeryError('DOWN', '', { status: 500 })), { origin: 'shop' })).toBe(
      'instead',
    );
    expect(snapshot(resources)[0]).toMatchObject({
      circuit: 'open',
      circuits: { catalog: 'open' },
      changes: [{ of: 'catalog', state: 'open' }],
      refused: 1,
      failed: 1,
    });
    run.close();
    expect(snapshot(resources)[0]?.circuits).toEqual({});
  });

  it('counts a caller who left as neither good nor bad', async () => {
    const { run, resources } = make({ kind: 'flow', limit: 10 });
    const controller = new AbortController();
    const call = expect(run(never, { signal: controller.signal })).rejects.toThrow('left');
    controller.abort(new Error('left'));
    await call;
    expect(resources.find('catalog')?.totals).toMatchObject({ passed: 1, left: 1, failed: 0 });
  });
});

it('a policy with a cache answers calls of one key by one call, which its rules see once', async () => {
  const resources = new Resources();
  const run = policy({ name: 'catalog', rules: { resources }, cache: { ttlMs: 1_000 } });
  const work = vi.fn(async () => 7);
  expect(await Promise.all([run(work, { cacheKey: 'a' }), run(work, { cacheKey: 'a' })])).toEqual([7, 7]);
  expect(await run(work, { cacheKey: 'a' })).toBe(7);
  expect([work.mock.calls.length, resources.find('catalog')?.totals.passed]).toEqual([1, 1]);
  await run(work);
  expect(work).toHaveBeenCalledTimes(2);
});

it('work that declares no parameter is given no signal, any other is', async () => {
  const run = policy({ name: 'catalog' });
  expect(await run(async (signal) => signal instanceof AbortSignal)).toBe(true);
  const seen: unknown[] = [];
  await run(async function () {
    // biome-ignore lint/complexity/noArguments: what is given to a function that asks for nothing
    seen.push(...arguments);
  });
  expect(seen).toEqual([undefined]);
});

describe('@Resilient', () => {
  class Films {
    fails = 1;
    readonly prefix = 'film';

    @Resilient({ retry: { attempts: 2, baseMs: 0 }, fallback: 'cached' })
    async find(id: number): Promise<string> {
      if (this.fails-- > 0) throw down();
      return `${this.prefix} ${id}`;
    }

    cached(id: number, error: RookeryError): string {
      return `cached ${id} ${error.code}`;
    }
  }

  it('runs the method through a policy of its object, with its arguments', async () => {
    const found = new Films().find(7);
    await vi.runAllTimersAsync();
    expect(await found).toBe('film 7');
  });

  it('answers by the fallback method, which is given the arguments and the error', async () => {
    const films = new Films();
    films.fails = 9;
    const found = films.find(7);
    await vi.runAllTimersAsync();
    expect(await found).toBe('cached 7 DOWN');
  });

  it('keeps the name and the metadata of the method', () => {
    const method = async () => {};
    Reflect.defineMetadata('path', '/x', method);
    const descriptor = { value: method };
    Resilient()(Films.prototype, 'other', descriptor);
    expect(Reflect.getMetadata('path', descriptor.value)).toBe('/x');
    expect(descriptor.value.name).toBe('method');
    expect(Films.prototype.find.name).toBe('find');
  });
});
