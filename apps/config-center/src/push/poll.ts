/** One request that is held until there is news, or for so long. */
export class Poll {
  readonly #timer: NodeJS.Timeout;
  #next = Promise.withResolvers<void>();
  #over = false;

  constructor(timeoutMs: number) {
    this.#timer = setTimeout(() => this.end(), timeoutMs);
  }

  /** Waits for a {@link wake} since the last call; false when the poll is over. */
  async news(): Promise<boolean> {
    await this.#next.promise;
    this.#next = Promise.withResolvers<void>();
    return !this.#over;
  }

  wake(): void {
    this.#next.resolve();
  }

  end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#next.resolve();
  }
}
