/** Somebody in a {@link WaitingLine}. */
export interface Waiter {
  before: Waiter | undefined;
  behind: Waiter | undefined;
  isWaiting: boolean;
  /** It is this one's turn. */
  start(): void;
}

/**
 * Who waits, in order, and may leave from anywhere in it. A chain instead of a `Set`: what comes and goes with each call
 * leaves outgrown tables of a `Set` behind, which the garbage collector keeps long (see RunningSet).
 */
export class WaitingLine {
  #first: Waiter | undefined;
  #last: Waiter | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  join(waiter: Waiter): void {
    waiter.isWaiting = true;
    waiter.before = this.#last;
    if (this.#last) this.#last.behind = waiter;
    else this.#first = waiter;
    this.#last = waiter;
    this.#size++;
  }

  leave(waiter: Waiter): void {
    if (!waiter.isWaiting) return;
    waiter.isWaiting = false;
    if (waiter.before) waiter.before.behind = waiter.behind;
    else this.#first = waiter.behind;
    if (waiter.behind) waiter.behind.before = waiter.before;
    else this.#last = waiter.before;
    waiter.before = waiter.behind = undefined;
    this.#size--;
  }

  /** Takes out who waits for longest. */
  next(): Waiter | undefined {
    const first = this.#first;
    if (first) this.leave(first);
    return first;
  }
}
