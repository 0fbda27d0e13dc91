interface Node<V> {
  readonly key: string;
  readonly value: V;
  newer: Node<V> | undefined;
  older: Node<V> | undefined;
}

/** A bounded map that forgets what was not used for longest. Finding an entry allocates nothing and moves nothing in the map. */
export class RecentMap<V> {
  readonly #max: number;
  readonly #nodes = new Map<string, Node<V>>();
  #newest: Node<V> | undefined;
  #oldest: Node<V> | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** Finds an entry, without a use of it. */
  peek(key: string): V | undefined {
    return this.#nodes.get(key)?.value;
  }

  /** Finds an entry; it is then the newest. */
  get(key: string): V | undefined {
    const node = this.#nodes.get(key);
    if (node && node !== this.#newest) {
      this.#unlink(node);
      this.#link(node);
    }
    return node?.value;
  }

  /** Adds an entry that is not there, in place of the oldest where the map is full. */
  add(key: string, value: V): void {
    if (this.#nodes.size >= this.#max && this.#oldest) {
      this.#nodes.delete(this.#oldest.key);
      this.#unlink(this.#oldest);
    }
    const node: Node<V> = { key, value, newer: undefined, older: undefined };
    this.#nodes.set(key, node);
    this.#link(node);
  }

  clear(): void {
    this.#nodes.clear();
    this.#newest = this.#oldest = undefined;
  }

  #link(node: Node<V>): void {
    node.older = this.#newest;
    if (this.#newest) this.#newest.newer = node;
    else this.#oldest = node;
    this.#newest = node;
  }

  #unlink(node: Node<V>): void {
    if (node.newer) node.newer.older = node.older;
    else this.#newest = node.older;
    if (node.older) node.older.newer = node.newer;
    else this.#oldest = node.newer;
    node.newer = node.older = undefined;
  }
}
