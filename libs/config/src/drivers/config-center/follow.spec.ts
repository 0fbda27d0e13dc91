import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { StreamEvent } from './event-stream.ts';
import { follow } from './follow.ts';

const HOUR_MS = 3_600_000;
const EVERY_MS = 5_000;

/** A centre on the other end of a wire that can be cut without a word. */
class Centre {
  version = 0;
  cut = false;
  connections: number[] = [];
  #wake = Promise.withResolvers<void>();

  publish(): void {
    this.version += 1;
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  async *connect(after: number, signal: AbortSignal): AsyncGenerator<StreamEvent> {
    this.connections.push(after);
    const cutHere = () => this.cut && this.connections.length === 1;
    let sent = after;
    while (!signal.aborted) {
      if (cutHere()) {
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      }
      if (this.version > sent) {
        sent = this.version;
        yield { event: 'release', data: JSON.stringify({ version: sent, settings: { step: sent } }) };
      } else {
        yield { event: 'heartbeat', data: JSON.stringify({ version: sent, everyMs: EVERY_MS }) };
        await Promise.race([this.#wake.promise, new Promise((resolve) => setTimeout(resolve, EVERY_MS))]);
      }
    }
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start(centre: Centre, onRelease = (_version: number) => {}) {
  const seen: number[] = [];
  const problems: string[] = [];
  const following = follow({
    connect: (after, signal) => centre.connect(after, signal),
    cursor: 0,
    onRelease: ({ version }) => {
      onRelease(version);
      seen.push(version);
    },
    onProblem: (error) => problems.push(String(error)),
    random: () => 0.5,
  });
  return { seen, problems, close: () => following.close() };
}

it('hears the next release after a day of idleness on one connection', async () => {
  const centre = new Centre();
  const { seen, problems, close } = start(centre);
  await vi.advanceTimersByTimeAsync(24 * HOUR_MS);
  centre.publish();
  await vi.advanceTimersByTimeAsync(10);
  expect(seen).toEqual([1]);
  expect(centre.connections).toEqual([0]);
  expect(problems).toEqual([]);
  close();
});

it('drops a connection that went silent and gets the release on a new one', async () => {
  const centre = new Centre();
  const { seen, problems, close } = start(centre);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  centre.cut = true;
  await vi.advanceTimersByTimeAsync(EVERY_MS);
  centre.publish();
  expect(seen).toEqual([]);
  await vi.advanceTimersByTimeAsync(3 * EVERY_MS + 200);
  expect(seen).toEqual([1]);
  expect(centre.connections).toHaveLength(2);
  expect(problems).toEqual([expect.stringContaining('nothing came for 15000 ms')]);
  close();
});

it('does not move its cursor past a release that could not be taken', async () => {
  const centre = new Centre();
  let fail = true;
  const { seen, close } = start(centre, () => {
    if (fail) throw new Error('not now');
  });
  await vi.advanceTimersByTimeAsync(100);
  centre.publish();
  await vi.advanceTimersByTimeAsync(100);
  fail = false;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(seen).toEqual([1]);
  expect(centre.connections.every((after) => after === 0)).toBe(true);
  close();
});

it('asks again when a heartbeat shows a version that the stream withheld', async () => {
  const asked: number[] = [];
  const seen: number[] = [];
  const following = follow({
    cursor: 3,
    async *connect(after) {
      asked.push(after);
      if (asked.length > 1) yield { event: 'release', data: '{"version":4,"settings":{}}' };
      yield { event: 'heartbeat', data: '{"version":4,"everyMs":5000}' };
      await new Promise(() => {});
    },
    onRelease: ({ version }) => seen.push(version),
    onProblem: () => {},
  });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual([3, 3]);
  expect(seen).toEqual([4]);
  following.close();
});
