/** Topics remembered one by one; older ones are remembered together by the highest of their indices. */
const MAX_TOPICS = 50_000;
/** More changes than can happen between two snapshots. */
const SNAPSHOT_SLACK = 100_000;

/** Where a registry that starts begins to count: above all it may have counted before, also when the snapshot is lost. */
export const firstIndex = (savedIndex: number, nowMs: number): number => Math.max(savedIndex + SNAPSHOT_SLACK, nowMs);

export type ChangeListener = (topics: readonly string[], index: number) => void;

/** Counts changes, and remembers for each topic (`service:orders`, `kv:flags/dark`) the index of its last one. */
export class ChangeIndex {
  #last: number;
  /** What a topic answers that is not remembered: it has not changed since. */
  #floor: number;
  readonly #topics = new Map<string, number>();
  readonly #listeners = new Set<ChangeListener>();

  constructor(
    first = 1,
    private readonly maxTopics = MAX_TOPICS,
  ) {
    this.#last = first;
    this.#floor = first;
  }

  /** Index of the last change of anything. */
  get last(): number {
    return this.#last;
  }

  /** Counts one change that concerns these topics; answers its index. */
  touch(...topics: string[]): number {
    this.#last++;
    for (const topic of topics) {
      this.#topics.delete(topic);
      this.#topics.set(topic, this.#last);
    }
    this.#forgetOldest();
    for (const listener of this.#listeners) listener(topics, this.#last);
    return this.#last;
  }

  /** The index that {@link touch} will answer next. */
  get next(): number {
    return this.#last + 1;
  }

  of(topic: string): number {
    return this.#topics.get(topic) ?? this.#floor;
  }

  /** The highest index of the topics that begin so, of those that are gone too. */
  ofPrefix(prefix: string): number {
    let highest = this.#floor;
    for (const [topic, index] of this.#topics) if (index > highest && topic.startsWith(prefix)) highest = index;
    return highest;
  }

  /** Calls `listener` after each change, until the returned function is called. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #forgetOldest(): void {
    for (const [topic, index] of this.#topics) {
      if (this.#topics.size <= this.maxTopics) return;
      this.#topics.delete(topic);
      this.#floor = Math.max(this.#floor, index);
    }
  }
}
