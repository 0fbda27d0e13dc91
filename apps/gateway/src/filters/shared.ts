/** What {@link Shared} keeps. */
export interface Closable {
  close(): void | Promise<void>;
}

/**
 * What filters of several routes share, and what outlives a change of the routes. Asked only while filters are made:
 * what no filter of the routes in force asked for is closed.
 */
export class Shared {
  readonly #things = new Map<string, Closable>();
  #inForce = new Set<string>();
  #asked = new Set<string>();

  /** The thing of that key; made at the first ask. Same key, same type. */
  of<T extends Closable>(key: string, make: () => T): T {
    this.#asked.add(key);
    const known = this.#things.get(key) as T | undefined;
    if (known) return known;
    const made = make();
    this.#things.set(key, made);
    return made;
  }

  /** The routes that were made since the last call are in force; answers how to close what is not needed any more. */
  commit(): () => Promise<void> {
    const gone = [...this.#inForce].filter((key) => !this.#asked.has(key)).map((key) => this.#take(key));
    this.#inForce = this.#asked;
    this.#asked = new Set();
    return () => closeAll(gone);
  }

  /** The routes that were made since the last commit are not used. */
  abandon(): Promise<void> {
    const unused = [...this.#asked].filter((key) => !this.#inForce.has(key)).map((key) => this.#take(key));
    this.#asked = new Set();
    return closeAll(unused);
  }

  close(): Promise<void> {
    const all = [...this.#things.values()];
    this.#things.clear();
    this.#inForce.clear();
    this.#asked.clear();
    return closeAll(all);
  }

  #take(key: string): Closable | undefined {
    const thing = this.#things.get(key);
    this.#things.delete(key);
    return thing;
  }
}

async function closeAll(things: readonly (Closable | undefined)[]): Promise<void> {
  await Promise.allSettled(things.map(async (thing) => thing?.close()));
}
