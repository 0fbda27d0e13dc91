/** What {@link Shared} keeps. */
export interface Closable {
  close(): void | Promise<void>;
}

/** How a filter asks for what it shares with others. */
export interface Sharing {
  /** The thing of that key; made at the first ask. Same key, same type. */
  of<T extends Closable>(key: string, make: () => T): T;
}

/**
 * What filters of several routes share, and what outlives a change of the routes. Asked only while filters are made:
 * what no filter of the routes in force asked for is closed.
 */
export class Shared implements Sharing {
  readonly #things = new Map<string, Closable>();
  #inForce: ReadonlySet<Closable> = new Set();
  #asked = new Set<Closable>();

  of<T extends Closable>(key: string, make: () => T): T {
    let thing = this.#things.get(key) as T | undefined;
    if (!thing) {
      thing = make();
      this.#things.set(key, thing);
    }
    this.#asked.add(thing);
    return thing;
  }

  /** The same, noting in `asked` what was asked for. */
  notedIn(asked: Closable[]): Sharing {
    return {
      of: (key, make) => {
        const thing = this.of(key, make);
        asked.push(thing);
        return thing;
      },
    };
  }

  /** Filters that asked for these things are used again as they are. */
  keep(asked: readonly Closable[]): void {
    for (const thing of asked) this.#asked.add(thing);
  }

  /** The routes that were made since the last call are in force; answers how to close what is not needed any more. */
  commit(): () => Promise<void> {
    const gone = this.#take((thing) => !this.#asked.has(thing));
    this.#inForce = this.#asked;
    this.#asked = new Set();
    return () => closeAll(gone);
  }

  /** The routes that were made since the last commit are not used. */
  abandon(): Promise<void> {
    this.#asked = new Set();
    return closeAll(this.#take((thing) => !this.#inForce.has(thing)));
  }

  close(): Promise<void> {
    this.#inForce = new Set();
    this.#asked.clear();
    return closeAll(this.#take(() => true));
  }

  #take(isGone: (thing: Closable) => boolean): Closable[] {
    const gone = [...this.#things].filter(([, thing]) => isGone(thing));
    for (const [key] of gone) this.#things.delete(key);
    return gone.map(([, thing]) => thing);
  }
}

async function closeAll(things: readonly Closable[]): Promise<void> {
  await Promise.allSettled(things.map(async (thing) => thing.close()));
}
