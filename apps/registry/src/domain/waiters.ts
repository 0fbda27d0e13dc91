import type { ChangeIndex } from './change-index.ts';
import { Refusal } from './refusal.ts';

/** What is waited for: one topic, or every topic that begins so. */
export interface Subject {
  topic: string;
  prefix?: boolean;
}

/** Blocking queries held at once. */
const MAX_WAITERS = 10_000;

/** Holds blocking queries until what they ask about changes. */
export class Waiters {
  readonly #byTopic = new Map<string, Set<() => void>>();
  readonly #byPrefix = new Map<string, Set<() => void>>();
  #size = 0;
  #closed = false;
  readonly #stopListening: () => void;

  constructor(
    private readonly changes: ChangeIndex,
    private readonly maxWaiters = MAX_WAITERS,
  ) {
    this.#stopListening = changes.onChange((topics) => {
      for (const topic of topics) this.#wake(topic);
    });
  }

  get size(): number {
    return this.#size;
  }

  /** The index of the subject now. */
  indexOf({ topic, prefix }: Subject): number {
    return prefix ? this.changes.ofPrefix(topic) : this.changes.of(topic);
  }

  /** Resolves when the subject's index is above `index`, after `waitMs`, on abort, or when this is closed. */
  async wait(subject: Subject, index: number, waitMs: number, signal: AbortSignal): Promise<void> {
    if (this.#closed || signal.aborted || this.indexOf(subject) > index) return;
    if (this.#size >= this.maxWaiters) throw new Refusal(429, `more than ${this.maxWaiters} blocking queries wait`);
    const queues = subject.prefix ? this.#byPrefix : this.#byTopic;
    const { promise, resolve } = Promise.withResolvers<void>();
    const queue = queues.get(subject.topic) ?? new Set();
    queues.set(subject.topic, queue.add(resolve));
    const timer = setTimeout(resolve, waitMs);
    signal.addEventListener('abort', resolve as () => void);
    this.#size++;
    try {
      await promise;
    } finally {
      this.#size--;
      clearTimeout(timer);
      signal.removeEventListener('abort', resolve as () => void);
      queue.delete(resolve);
      if (queue.size === 0 && queues.get(subject.topic) === queue) queues.delete(subject.topic);
    }
  }

  /** Lets everybody go, and nobody wait any more. */
  close(): void {
    this.#closed = true;
    this.#stopListening();
    for (const queues of [this.#byTopic, this.#byPrefix]) {
      for (const queue of queues.values()) for (const resolve of queue) resolve();
    }
  }

  #wake(topic: string): void {
    for (const resolve of this.#byTopic.get(topic) ?? []) resolve();
    for (const [prefix, queue] of this.#byPrefix) {
      if (topic.startsWith(prefix)) for (const resolve of queue) resolve();
    }
  }
}
