import { type PolicyOptions, policy, Resources, RetryBudget, Rules } from '@rookery/resilience';
import type { HurtDependency } from './hurt-dependency.ts';
import { WELL } from './phases.ts';

/** The time that a caller waits. */
export const IN_TIME_MS = 1_000;
const TRY_MS = 800;
/** A few more than the dependency works on at once, so that none of its places is idle for a round trip. */
const SLOTS = WELL.places * 1.2;

/** One way to call the dependency. */
export interface Contender {
  readonly name: string;
  call(): Promise<unknown>;
  close(): void;
}

/** Calls with nothing but the time that a caller waits. */
const bare = (dependency: HurtDependency): Contender => ({
  name: 'nothing',
  call: () => dependency.call(1, AbortSignal.timeout(IN_TIME_MS)),
  close: () => {},
});

function through(name: string, dependency: HurtDependency, options: Omit<PolicyOptions, 'name'>): Contender {
  const run = policy({ name: 'dependency', timeoutMs: IN_TIME_MS, ...options });
  return {
    name,
    call: () => {
      let attempt = 0;
      return run((signal) => dependency.call(++attempt, signal));
    },
    close: () => run.close(),
  };
}

/** As many retries as somebody likes who knows no budget, also after a timeout. */
const retries = (dependency: HurtDependency): Contender =>
  through('timeout and retries', dependency, {
    retry: {
      attempts: 3,
      tryTimeoutMs: TRY_MS / 2,
      budget: new RetryBudget({ ratio: 3, burst: 1e9 }),
      retryable: () => true,
    },
  });

/** Everything, as it is when nothing is said, and a bulkhead of what the dependency can do at once. */
function pipeline(dependency: HurtDependency): Contender {
  const resources = new Resources();
  resources.load(Rules.parse({ most: { kind: 'flow', resource: 'dependency', limit: 100_000 } }));
  return through('pipeline', dependency, {
    rules: { resources },
    retry: { attempts: 3, tryTimeoutMs: TRY_MS, baseMs: 20, capMs: 200 },
    breaker: {},
    bulkhead: { concurrency: SLOTS, queue: 4, queueTimeoutMs: 20 },
  });
}

export const contenders = { bare, retries, pipeline };
