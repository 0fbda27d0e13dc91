import { isDeepStrictEqual } from 'node:util';
import type { DiscoveryLog } from './log.ts';

/** What one watcher has been told, and its listener: the part of a watch that is the same for every engine. */
export class Observation<T> {
  current: T;
  readonly ready: Promise<void>;
  readonly #settle: () => void;
  #told = false;
  #closed = false;

  constructor(
    initial: T,
    private readonly listener: (value: T) => void,
    private readonly onClose: () => void,
    private readonly log?: DiscoveryLog,
  ) {
    this.current = initial;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#settle = resolve;
  }

  /** Hands the value to the listener when it is news. A listener that throws harms nobody else. */
  tell(value: T): void {
    if (this.#closed) return;
    const news = !this.#told || !isDeepStrictEqual(value, this.current);
    this.#told = true;
    if (news) {
      this.current = value;
      try {
        this.listener(value);
      } catch (error) {
        this.log?.warn({ error }, 'watch listener failed');
      }
    }
    this.#settle();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#settle();
    this.onClose();
  }
}
