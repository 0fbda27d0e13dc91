import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from '@rookery/discovery';
import { messageOf } from '../failure.ts';

const ASK_AGAIN_MS = 2_000;

/** Why the registry does not answer: heard from its client as its log, and told once until it is back. */
export class Outage {
  reason = '';
  readonly #tell: (reason: string) => void;

  constructor(tell: (reason: string) => void) {
    this.#tell = tell;
  }

  readonly info = (): void => {
    this.reason = '';
  };

  readonly warn = ({ error }: { error?: unknown }): void => {
    const reason = error === undefined ? this.reason : messageOf(error);
    const isNews = reason !== this.reason;
    this.reason = reason;
    if (isNews) this.#tell(reason);
  };

  /** Clients are silent about a registry that was never there. */
  async watchBeginning(registry: Registry, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await registry.services();
        return this.info();
      } catch (error) {
        if (signal.aborted) return;
        this.warn({ error });
        await sleep(ASK_AGAIN_MS, undefined, { signal }).catch(() => {});
      }
    }
  }
}
