import { expect, it, vi } from 'vitest';
import { Candidacy } from './candidacy.ts';
import type { Lock } from './coordination.ts';
import { errors } from './errors.ts';
import { until } from './testing/workers.ts';

/** Gives the lock to whoever asks. */
const engine = {
  async acquire(name: string): Promise<Lock> {
    const ended = new AbortController();
    return {
      ...{ name, token: 1n, signal: ended.signal },
      get held() {
        return !ended.signal.aborted;
      },
      release: async () => ended.abort(errors.released(name)),
    };
  },
};

it.each([
  ['a wait of its own is over', errors.timeout('the lock of another', 0)],
  ['another client is closed', errors.closed()],
  ['it breaks', new Error('hoot')],
])('a leader that fails since %s stands again, after a pause, and somebody is told', async (_why, error) => {
  const log = { info: vi.fn(), warn: vi.fn() };
  let led = 0;
  const lead = async () => {
    led++;
    // One that does not pause would keep the test from ever looking.
    await new Promise(setImmediate);
    throw error;
  };
  const candidacy = new Candidacy(engine, 'nightly', lead, {}, log);
  await until('it led twice', () => led >= 2);
  // The pauses double from a fifth of a second on: who does not pause leads thousands of times meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 300));
  await candidacy.close();
  expect(led).toBeLessThan(20);
  expect(log.warn).toHaveBeenCalledWith(expect.objectContaining({ election: 'nightly', error }), expect.any(String));
});
