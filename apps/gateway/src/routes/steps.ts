import { setImmediate as turn } from 'node:timers/promises';

/** Work that can be left off after each of its steps, and goes on where it was. */
export type Steps<T> = Generator<void, T, void>;

/** A request takes several turns of the loop, and each of them has a slice before it. */
const SLICE_MS = 2;

/** Does all of it now. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Does it a few milliseconds at a time, and lets the process serve requests in between. */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const endMs = performance.now() + SLICE_MS;
    while (performance.now() < endMs) {
      const { done, value } = steps.next();
      if (done) return value;
    }
    await turn();
  }
}
