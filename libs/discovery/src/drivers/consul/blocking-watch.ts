import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type BackOff, backOffMs } from '@rookery/connections';
import type { Answer, CallLimits } from '@rookery/connections/consul';
import type { DiscoveryLog } from '../../log.ts';

const BACK_OFF: BackOff = { baseMs: 200, capMs: 5_000 };
/** An answer without news that comes sooner than this did not block. */
const TOO_SOON_MS = 100;
/** Consul adds up to a sixteenth to the wait; the rest is for the way. */
const deadlineMs = (waitMs: number): number => waitMs * (17 / 16) + 1_500;

export interface BlockingWatchOptions<T> {
  /** For the log: what is watched. */
  watched: string;
  waitMs: number;
  /** Asks for what changed after `index`; 0 asks for the present state. */
  query: (index: number, limits: CallLimits) => Promise<Answer>;
  read: (body: unknown) => T;
  /** How long to wait after an answer before the next question, for answers that cost both sides much. */
  restMs?: (body: unknown) => number;
  listener: (value: T) => void;
  initial: T;
  log: DiscoveryLog | undefined;
}

/** One blocking query after another: the registry answers when something has changed. While it is away, the last value stays. */
export class BlockingWatch<T> {
  current: T;
  readonly ready: Promise<void>;
  readonly #options: BlockingWatchOptions<T>;
  readonly #stopped = new AbortController();
  readonly #settle: () => void;

  constructor(options: BlockingWatchOptions<T>) {
    this.#options = options;
    this.current = options.initial;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#settle = resolve;
    void this.#run();
  }

  close(): void {
    this.#stopped.abort();
    this.#settle();
  }

  async #run(): Promise<void> {
    const { query, waitMs, restMs, log, watched } = this.#options;
    const { signal } = this.#stopped;
    let index = 0;
    let failures = 0;
    let known = false;
    while (!signal.aborted) {
      const startedAtMs = performance.now();
      try {
        const answer = await query(index, { timeoutMs: deadlineMs(waitMs), signal });
        if (signal.aborted) return;
        if (failures > 0 && known) log?.info({ watched }, 'watch goes on');
        failures = 0;
        const news = this.#take(answer.body, known);
        known = true;
        this.#settle();
        // An index that went back belongs to a registry that began anew: ask for the present state.
        const unchanged = answer.index === index;
        index = answer.index < index ? 0 : answer.index;
        const spinning = !news && (unchanged || index === 0) && performance.now() - startedAtMs < TOO_SOON_MS;
        if (spinning) await this.#pause(1);
        else if (restMs) await this.#rest(restMs(answer.body));
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        // Before the first answer it is start-up that waits, and says so itself.
        if (failures === 1 && known) log?.warn({ watched, error }, 'watch interrupted, the last known instances stay');
        // Whatever happened meanwhile, the next answer must come at once.
        index = 0;
        await this.#pause(failures);
      }
    }
  }

  /** Tells the listener when it is news. A listener that throws harms nobody else. */
  #take(body: unknown, known: boolean): boolean {
    const value = this.#options.read(body);
    if (known && isDeepStrictEqual(value, this.current)) return false;
    this.current = value;
    try {
      this.#options.listener(value);
    } catch (error) {
      this.#options.log?.warn({ watched: this.#options.watched, error }, 'watch listener failed');
    }
    return true;
  }

  #pause(failures: number): Promise<void> {
    return this.#rest(backOffMs(failures, BACK_OFF));
  }

  #rest(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#stopped.signal }).catch(() => {});
  }
}
