import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from '@rookery/discovery';
import { labelOf } from './mirrored.ts';
import { answered, didNotAnswer, type Presence } from './presence.ts';

const PROBE_EVERY_MS = 2_000;
/** Asking for the instances of a service that nobody runs costs every engine next to nothing. */
const NOBODY = 'rookery-sync-probe';

export interface EndpointOptions {
  url: string;
  /** Opens the client; what it says of the registry goes to `log`. */
  open: (url: string, log: { info(): void; warn(): void }) => Promise<Registry>;
  /** Is told when the registry goes away, with the reason, and when it comes back. */
  onTurn: (endpoint: Endpoint, error?: unknown) => void;
}

/** One of the two registries: its client, and whether it answers. */
export class Endpoint {
  readonly label: string;
  readonly registry: Registry;
  readonly #onTurn: EndpointOptions['onTurn'];
  readonly #closed = new AbortController();
  #presence: Presence = { troubleAtMs: Date.now() };

  private constructor(url: string, registry: Registry, onTurn: EndpointOptions['onTurn']) {
    this.label = labelOf(url);
    this.registry = registry;
    this.#onTurn = onTurn;
  }

  static async open({ url, open, onTurn }: EndpointOptions): Promise<Endpoint> {
    // A driver says something when its server goes, comes back, or forgot: whatever it is, what is missing then proves little.
    const trouble = () => endpoint?.trouble();
    let endpoint: Endpoint | undefined;
    const registry = await open(url, { info: trouble, warn: trouble });
    endpoint = new Endpoint(url, registry, onTurn);
    void endpoint.#probe();
    return endpoint;
  }

  get presence(): Presence {
    return this.#presence;
  }

  trouble(): void {
    this.#presence = { ...this.#presence, troubleAtMs: Date.now() };
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.registry.close();
  }

  async #probe(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      const wasAway = this.#presence.awaySinceMs !== undefined;
      const failed = await this.registry.instances(NOBODY).then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
      if (signal.aborted) return;
      this.#presence = (failed ? didNotAnswer : answered)(this.#presence, Date.now());
      if (wasAway !== (failed !== undefined)) this.#onTurn(this, failed?.error);
      await sleep(PROBE_EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }
}
