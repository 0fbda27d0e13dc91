import { setTimeout as delay } from 'node:timers/promises';
import { type BackOff, backOffMs } from '@rookery/connections';
import type { DiscoveryLog } from './log.ts';
import { Observation } from './observation.ts';

const BACK_OFF: BackOff = { baseMs: 200, capMs: 5_000 };
/** A pause is up to this share shorter, so that many clients do not ask together. */
const JITTER = 0.2;

export interface PolledWatchOptions<T> {
  /** For the log: what is watched. */
  watched: string;
  everyMs: number;
  initial: T;
  read: (signal: AbortSignal) => Promise<T>;
  listener: (value: T) => void;
  onClose: () => void;
  log: DiscoveryLog | undefined;
}

/** For an engine that cannot push: asked again after each pause. While it is away, the last value stays. */
export class PolledWatch<T> extends Observation<T> {
  readonly #stopped: AbortController;

  constructor(private readonly options: PolledWatchOptions<T>) {
    const stopped = new AbortController();
    const onClose = (): void => {
      stopped.abort();
      options.onClose();
    };
    super(options.initial, options.listener, onClose, options.log);
    this.#stopped = stopped;
    void this.#run();
  }

  async #run(): Promise<void> {
    const { read, everyMs, watched, log: logger } = this.options;
    const { signal } = this.#stopped;
    let failures = 0;
    while (!signal.aborted) {
      try {
        const value = await read(signal);
        if (signal.aborted) return;
        if (failures > 0) logger?.info({ watched }, 'watch goes on');
        failures = 0;
        this.tell(value);
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        if (failures === 1) logger?.warn({ watched, error }, 'watch interrupted, the last known instances stay');
      }
      const pauseMs = failures === 0 ? everyMs * (1 - JITTER * Math.random()) : backOffMs(failures, BACK_OFF);
      await delay(pauseMs, undefined, { signal }).catch(() => {});
    }
  }
}
