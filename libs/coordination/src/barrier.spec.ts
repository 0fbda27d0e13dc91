import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Barrier } from './barrier.ts';
import type { Coordination, Lock } from './coordination.ts';
import { errors } from './errors.ts';

const SLOW_MS = 150;
type Engine = Pick<Coordination, 'acquire' | 'holder' | 'read' | 'compareAndSet'>;

/** Locks and counters of one process, so that a case can stop one party between two of its steps. */
function engine(): Engine {
  const locks = new Map<string, Lock & { owner: string }>();
  const counters = new Map<string, number>();
  let token = 0n;
  return {
    async acquire(name, { owner = '' } = {}) {
      if (locks.has(name)) throw errors.timeout(name, 0);
      const ended = new AbortController();
      const lock = {
        ...{ name, owner, token: ++token, signal: ended.signal },
        get held() {
          return !ended.signal.aborted;
        },
        async release() {
          if (!ended.signal.aborted) locks.delete(name);
          ended.abort(errors.released(name));
        },
      };
      locks.set(name, lock);
      return lock;
    },
    holder: async (name) => locks.get(name),
    read: async (counter) => counters.get(counter) ?? 0,
    async compareAndSet(counter, expected, next) {
      if ((counters.get(counter) ?? 0) !== expected) return false;
      counters.set(counter, next);
      return true;
    },
  };
}

describe('a barrier', () => {
  it.each([0, 1, 2, 3, 4, 5, 6])('counts a party that is slow at its step %i, once', async (slowAt) => {
    const shared = engine();
    let steps = 0;
    const slow = async <T>(step: Promise<T>): Promise<T> => {
      const answer = await step;
      if (steps++ === slowAt) await pause(SLOW_MS);
      return answer;
    };
    const slowly: Engine = {
      acquire: (...args) => slow(shared.acquire(...args)),
      holder: (...args) => slow(shared.holder(...args)),
      read: (...args) => slow(shared.read(...args)),
      compareAndSet: (...args) => slow(shared.compareAndSet(...args)),
    };
    const passed = await Promise.all(
      [slowly, shared].map((each) => new Barrier(each, 'start', 2).wait({ waitMs: 3_000 })),
    );
    expect(passed).toEqual([0, 0]);
    expect(Math.floor((await shared.read('barrier/start')) / 2 ** 20)).toBe(1);
  });
});
