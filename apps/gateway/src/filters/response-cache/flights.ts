const MAX_MARKS = 10_000;
const MARKED_FOR_MS = 10_000;

/**
 * Requests that fetch what is not there, so that others for the same wait for the first. What turned out not to be kept is
 * remembered for a while: those who ask for that must not wait for each other.
 */
export class Flights {
  readonly #running = new Map<string, PromiseWithResolvers<void>>();
  readonly #notKept = new Map<string, number>();
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Settles when the request that is under way for the key has its response; undefined where there is none. */
  of(key: string): Promise<void> | undefined {
    return this.#running.get(key)?.promise;
  }

  /** Whether others may wait for a request of this key. */
  mayBegin(key: string): boolean {
    const untilMs = this.#notKept.get(key);
    if (untilMs === undefined) return true;
    if (this.#clock() < untilMs) return false;
    this.#notKept.delete(key);
    return true;
  }

  begin(key: string): void {
    if (!this.#running.has(key)) this.#running.set(key, Promise.withResolvers());
  }

  end(key: string): void {
    this.#running.get(key)?.resolve();
    this.#running.delete(key);
  }

  endNotKept(key: string): void {
    if (this.#notKept.size >= MAX_MARKS) this.#notKept.clear();
    this.#notKept.set(key, this.#clock() + MARKED_FOR_MS);
    this.end(key);
  }
}
