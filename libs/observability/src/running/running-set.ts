/** What can stand in a {@link RunningSet}. */
export interface Runs {
  /** Its place; -1 while it stands in none. Only the set writes it. */
  slot: number;
}

/**
 * What runs now, in no order, for what comes and goes with each request. A `Set` that is added to and deleted from moves
 * to a new table again and again, and V8 links each outgrown one, contents included, to the next: as soon as one of them
 * is old, all that ever ran stays until the next full collection, and every small one copies it meanwhile.
 */
export class RunningSet<T extends Runs> implements Iterable<T> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  add(member: T): void {
    if (member.slot < 0) member.slot = this.#members.push(member) - 1;
  }

  delete(member: T): void {
    const { slot } = member;
    if (slot < 0) return;
    member.slot = -1;
    const last = this.#members.pop() as T;
    if (last === member) return;
    this.#members[slot] = last;
    last.slot = slot;
  }

  clear(): void {
    for (const member of this.#members) member.slot = -1;
    this.#members.length = 0;
  }

  /** All that run at this moment; what comes or goes meanwhile changes nothing. */
  [Symbol.iterator](): Iterator<T> {
    return this.#members.slice().values();
  }
}
