interface Planned {
  readonly atMs: number;
  /** Of what happens at one time the first that was planned comes first. */
  readonly order: number;
  readonly happen: () => void;
}

const isBefore = (a: Planned, b: Planned): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** A clock that goes from one planned event to the next (a binary heap): a simulated hour takes no time. */
export class EventQueue {
  nowMs = 0;
  readonly #heap: Planned[] = [];
  #planned = 0;

  after(delayMs: number, happen: () => void): void {
    const event = { atMs: this.nowMs + delayMs, order: this.#planned++, happen };
    let at = this.#heap.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above];
      if (!parent || !isBefore(event, parent)) break;
      this.#heap[at] = parent;
      at = above;
    }
    this.#heap[at] = event;
  }

  /** Until nothing is planned any more. */
  run(): void {
    for (let event = this.#next(); event; event = this.#next()) {
      this.nowMs = event.atMs;
      event.happen();
    }
  }

  #next(): Planned | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (!first || !last || first === last) return first;
    let at = 0;
    for (;;) {
      const [left, right] = [this.#heap[2 * at + 1], this.#heap[2 * at + 2]];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (!child || !isBefore(child, last)) break;
      this.#heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    this.#heap[at] = last;
    return first;
  }
}
