import { startTracing } from '@rookery/observability';
import { Bulkhead, CircuitBreaker, policy, Resources, RetryBudget, Rules, retry, timeout } from '@rookery/resilience';
import * as cockatiel from 'cockatiel';
import Opossum from 'opossum';
import type { Measured } from '../resilience.ts';

const ROUNDS = 25;
const CALLS_A_ROUND = 10_000;
const WARM_UP_CALLS = 60_000;
const DECISIONS_A_ROUND = 100_000;
const RETAINED_CALLS = 300_000;

const bare = async (): Promise<number> => 1;
const collect = globalThis.gc as () => void;

const rules = Rules.parse({ limit: { kind: 'flow', resource: 'bench', limit: 1_000_000 } });
const resources = new Resources();
resources.load(rules);

const whole = policy({
  name: 'bench',
  timeoutMs: 1_000,
  rules: { resources },
  retry: { attempts: 3 },
  bulkhead: { concurrency: 100, queue: 100 },
  breaker: {},
});
const opossum = new Opossum((work: typeof bare) => work(), { timeout: false });
const opossumTimed = new Opossum((work: typeof bare) => work(), { timeout: 1_000 });
const theirBreaker = cockatiel.circuitBreaker(cockatiel.handleAll, {
  halfOpenAfter: 5_000,
  breaker: new cockatiel.SamplingBreaker({ threshold: 0.5, duration: 10_000 }),
});
const theirAll = cockatiel.wrap(
  cockatiel.retry(cockatiel.handleAll, { maxAttempts: 3, backoff: new cockatiel.ExponentialBackoff() }),
  cockatiel.circuitBreaker(cockatiel.handleAll, {
    halfOpenAfter: 5_000,
    breaker: new cockatiel.SamplingBreaker({ threshold: 0.5, duration: 10_000 }),
  }),
  cockatiel.timeout(1_000, cockatiel.TimeoutStrategy.Aggressive),
);
const budget = new RetryBudget();
const bulkhead = new Bulkhead({ concurrency: 100 });
const breaker = new CircuitBreaker();

const contenders: Record<string, () => Promise<unknown>> = {
  'bare async': bare,
  opossum: () => opossum.fire(bare),
  'opossum with timeout': () => opossumTimed.fire(bare),
  "cockatiel's breaker": () => theirBreaker.execute(bare),
  "cockatiel's retry, breaker, timeout": () => theirAll.execute(bare),
  timeout: () => timeout(bare, 1_000),
  'timeout with a signal': () => timeout(async (signal) => signal.aborted, 1_000),
  retry: () => retry(bare, { attempts: 3, budget }),
  bulkhead: () => bulkhead.run(bare),
  breaker: () => breaker.run(bare),
  'limit and metrics': () => resources.run('bench', bare),
  'whole pipeline': () => whole(bare),
};

/** Processor time of this process, in µs: what else the machine does is not in it. */
const cpuMicros = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

async function calls(names: readonly string[]): Promise<Record<string, number[]>> {
  const rounds: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  const time = async (name: string, count: number): Promise<number> => {
    const call = contenders[name] as () => Promise<unknown>;
    const before = cpuMicros();
    for (let each = 0; each < count; each++) await call();
    return (cpuMicros() - before) / count;
  };
  for (const name of names) await time(name, WARM_UP_CALLS);
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed())
      rounds[name]?.push(await time(name, CALLS_A_ROUND));
  }
  return rounds;
}

/** Decisions alone, with a clock that stands: reading one costs as much as a decision. */
function decisions(): Record<string, number[]> {
  const measured = (rule: object, parameters?: object) => {
    let nowMs = 1_000_000;
    const of = new Resources({ clock: () => nowMs });
    of.load(Rules.parse({ rule: { resource: 'bench', ...rule } }));
    const resource = of.find('bench');
    if (!resource) throw new Error('the rule made no resource');
    const facts = { parameters: parameters as Record<string, unknown> };
    const round = () => {
      const before = cpuMicros();
      for (let each = 0; each < DECISIONS_A_ROUND; each++) {
        if (each % 100 === 0) nowMs++;
        resource.decide(facts, nowMs, 0);
      }
      return (cpuMicros() - before) / DECISIONS_A_ROUND;
    };
    for (let warm = 0; warm < 10; warm++) round();
    return Array.from({ length: ROUNDS }, round);
  };
  return {
    'flow rule': measured({ kind: 'flow', limit: 1_000_000 }),
    'flow rule that refuses': measured({ kind: 'flow', limit: 1 }),
    'flow rule with a warm-up': measured({ kind: 'flow', limit: 1_000_000, behaviour: 'warm-up' }),
    'hot parameter': measured({ kind: 'hot-parameter', parameter: 'id', limit: 1_000_000 }, { id: 'film-0001' }),
    'degrade rule': measured({ kind: 'degrade', measure: 'error-ratio', threshold: 0.5 }),
  };
}

async function retained(): Promise<Record<string, number>> {
  const bytes: Record<string, number> = {};
  for (const name of ['opossum with timeout', 'whole pipeline']) {
    const call = contenders[name] as () => Promise<unknown>;
    for (let each = 0; each < 20_000; each++) await call();
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let each = 0; each < RETAINED_CALLS; each++) await call();
    collect();
    bytes[name] = Math.max(0, (process.memoryUsage().heapUsed - before) / RETAINED_CALLS);
  }
  return bytes;
}

async function hotParameterBytes(): Promise<number> {
  const hot = new Resources();
  hot.load(Rules.parse({ hot: { kind: 'hot-parameter', resource: 'films', parameter: 'id', limit: 10 } }));
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let each = 0; each < 10_000; each++) {
    await hot.run('films', bare, { parameters: { id: `a-film-with-a-long-name-${each}` } });
  }
  collect();
  const bytes = process.memoryUsage().heapUsed - before;
  if (hot.find('films')?.totals.passed !== 10_000) throw new Error('the values were not all counted');
  return bytes;
}

const plain = await calls(Object.keys(contenders));
const bytes = await retained();
// As in a service: the deadline travels with the context of the request, which opossum knows nothing of.
startTracing();
const traced = await calls(['opossum with timeout', 'whole pipeline']);
const measured: Measured = {
  calls: plain,
  traced,
  decisions: decisions(),
  retainedBytes: bytes,
  hotParameterBytes: await hotParameterBytes(),
};
process.stdout.write(JSON.stringify(measured), () => process.exit());
