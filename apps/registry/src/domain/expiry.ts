import type { RegistryState } from './registry-state.ts';

/** The clock is looked at no more often than this, and no more seldom than that. */
const SHORTEST_MS = 20;
const LONGEST_MS = 1_000;

/** Lets time take effect on the state soon after each due time, until it is closed. */
export class Expiry {
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    private readonly state: RegistryState,
    private readonly now: () => number = Date.now,
  ) {
    this.#next();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #next(): void {
    if (this.#closed) return;
    const untilDueMs = this.state.nextDueMs() - this.now();
    this.#timer = setTimeout(
      () => {
        this.state.expire();
        this.#next();
      },
      Math.min(Math.max(untilDueMs, SHORTEST_MS), LONGEST_MS),
    );
  }
}
