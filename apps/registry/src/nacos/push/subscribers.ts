import { registryName } from '../nacos-name.ts';
import type { Wanted } from '../nacos-services.ts';

/** Whom changes of a service are pushed to. */
export interface Subscriber {
  readonly address: string;
  readonly port: number;
  readonly wanted: Wanted;
  askedAtMs: number;
}

/** One that has not asked for so long is gone; clients that are there ask every ten seconds. */
const KEPT_MS = 30_000;
const MOST = 10_000;

/** Who is told of changes, by service; bounded in number and in time. */
export class Subscribers {
  readonly #byService = new Map<string, Map<string, Subscriber>>();
  #size = 0;

  constructor(
    private readonly now: () => number = Date.now,
    private readonly most = MOST,
  ) {}

  get size(): number {
    return this.#size;
  }

  /** Answers false when there are too many: whoever is not taken asks more often instead. */
  add(address: string, port: number, wanted: Wanted): boolean {
    const service = registryName(wanted.name);
    const key = `${address} ${port} ${wanted.clusters}`;
    const known = this.#byService.get(service)?.get(key);
    if (known) {
      known.askedAtMs = this.now();
      return true;
    }
    if (this.#size >= this.most) this.#forget();
    if (this.#size >= this.most) return false;
    const subscribers = this.#byService.get(service) ?? new Map<string, Subscriber>();
    this.#byService.set(service, subscribers.set(key, { address, port, wanted, askedAtMs: this.now() }));
    this.#size++;
    return true;
  }

  /** Those of a service who are still there. */
  of(service: string): Subscriber[] {
    this.#forgetOf(service);
    return [...(this.#byService.get(service)?.values() ?? [])];
  }

  #forget(): void {
    for (const service of this.#byService.keys()) this.#forgetOf(service);
  }

  #forgetOf(service: string): void {
    const subscribers = this.#byService.get(service);
    if (!subscribers) return;
    for (const [key, { askedAtMs }] of subscribers) {
      if (askedAtMs + KEPT_MS > this.now() || !subscribers.delete(key)) continue;
      this.#size--;
    }
    if (subscribers.size === 0) this.#byService.delete(service);
  }
}
