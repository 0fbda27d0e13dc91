import { isServiceName } from '@rookery/discovery';
import type { Endpoint } from './endpoint.ts';
import { Gate } from './gate.ts';
import { leftBehind } from './left-behind.ts';
import type { SyncTimes } from './presence.ts';
import { type MirrorContext, ServiceMirror } from './service-mirror.ts';

const AT_ONCE = 16;
const MOST_SERVICES = 2_000;
const MOST_INSTANCES = 20_000;
const SWEEP_EVERY_MS = 2_000;
/** So many that go together, if they are more than half of all, are rather a registry that forgot them. */
const MANY = 3;

export interface RegistryMirrorOptions {
  from: Endpoint;
  to: Endpoint;
  times: SyncTimes;
  leaseMs: number;
  isMeant: (service: string) => boolean;
  tell: (line: string) => void;
  onChange: () => void;
}

/** How one direction stands. */
export interface MirrorState {
  services: number;
  mirrored: number;
  thereAlready: number;
  missing: number;
  /** What went wrong last where something still does. */
  failing: string[];
}

/** One direction: every service of a registry that is meant, mirrored into the other. */
export class RegistryMirror {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly #options: RegistryMirrorOptions;
  readonly #gate = new Gate(AT_ONCE);
  readonly #mirrors = new Map<string, ServiceMirror>();
  readonly #names: { readonly ready: Promise<void>; close(): void };
  readonly #sweeper: NodeJS.Timeout;
  #listed: ReadonlySet<string> = new Set();
  readonly #refused = new Set<string>();
  #isFull = false;
  /** What an earlier process mirrored is taken over before anything else happens. */
  #isTakenOver = false;
  #sweeping = false;
  #isDoubted = false;
  #closed = false;

  constructor(options: RegistryMirrorOptions) {
    this.#options = options;
    this.from = options.from;
    this.to = options.to;
    this.#names = this.from.registry.watchServices((names) => {
      // A registry that had services and has none at all is rather one that began anew.
      if (names.length === 0 && this.#listed.size > 0) this.from.trouble();
      const meant = names.filter(options.isMeant);
      this.#listed = new Set(meant.filter(isServiceName));
      this.#refuse(meant.filter((name) => !isServiceName(name)));
      void this.#sweep();
    });
    this.#sweeper = setInterval(() => void this.#sweep(), SWEEP_EVERY_MS);
  }

  get state(): MirrorState {
    const mirrors = [...this.#mirrors.values()];
    const sum = (of: (mirror: ServiceMirror) => number) => mirrors.reduce((total, mirror) => total + of(mirror), 0);
    return {
      services: mirrors.filter(({ held }) => held > 0).length,
      mirrored: sum(({ held }) => held),
      thereAlready: sum(({ thereAlready }) => thereAlready),
      missing: sum(({ missing }) => missing),
      failing: mirrors.map(({ failing }) => failing).filter(Boolean),
    };
  }

  /** The registry at its one end went away or came back. */
  turned(): void {
    for (const mirror of this.#mirrors.values()) mirror.poke();
  }

  async close(release: boolean): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweeper);
    this.#names.close();
    await Promise.all([...this.#mirrors.values()].map((mirror) => mirror.close(release)));
  }

  /** Begins with services that came, ends with those that are gone. */
  async #sweep(): Promise<void> {
    if (this.#sweeping || this.#closed) return;
    this.#sweeping = true;
    try {
      this.#isTakenOver ||= await this.#takeOver();
      if (!this.#isTakenOver || this.#closed) return;
      for (const name of this.#listed) this.#of(name);
      for (const [name, mirror] of this.#mirrors) {
        if (this.#listed.has(name) || !mirror.isIdle) continue;
        this.#mirrors.delete(name);
        void mirror.close(false);
      }
    } finally {
      this.#sweeping = false;
    }
  }

  async #takeOver(): Promise<boolean> {
    const { isMeant, tell } = this.#options;
    const found = await leftBehind(this.to.registry, this.from.label, isMeant, this.#gate).catch(() => undefined);
    if (!found || this.#closed) return false;
    const count = [...found.values()].reduce((sum, { length }) => sum + length, 0);
    if (count > 0) tell(`takes over ${count} that were mirrored before`);
    await Promise.all([...found].map(([service, instances]) => this.#of(service)?.adopt(instances)));
    return true;
  }

  #of(service: string): ServiceMirror | undefined {
    const known = this.#mirrors.get(service);
    if (known) return known;
    if (this.#mirrors.size >= MOST_SERVICES) return this.#full(`more than ${MOST_SERVICES} services`);
    const mirror = new ServiceMirror(service, this.#context);
    this.#mirrors.set(service, mirror);
    return mirror;
  }

  get #context(): MirrorContext {
    const hasRoom = () => {
      let held = 0;
      for (const mirror of this.#mirrors.values()) held += mirror.held;
      if (held >= MOST_INSTANCES) this.#full(`more than ${MOST_INSTANCES} instances`);
      return held < MOST_INSTANCES;
    };
    const onChange = () => {
      this.#doubt();
      this.#options.onChange();
    };
    return { ...this.#options, gate: this.#gate, hasRoom, onChange };
  }

  /** Most of what is mirrored is gone at once, though the registry answers: they have the time that an outage gives. */
  #doubt(): void {
    let [held, missing] = [0, 0];
    for (const mirror of this.#mirrors.values()) {
      held += mirror.held;
      missing += mirror.missing;
    }
    const isDoubted = missing >= MANY && missing * 2 > held;
    if (isDoubted && !this.#isDoubted) {
      this.from.trouble();
      this.#options.tell(`${missing} of ${held} are missing at once: they stay a while, in case they are back`);
    }
    this.#isDoubted = isDoubted;
  }

  /** Told once each, as long as there is room to remember them. */
  #refuse(names: readonly string[]): void {
    for (const name of names) {
      if (this.#refused.has(name) || this.#refused.size >= MOST_SERVICES) continue;
      this.#refused.add(name);
      this.#options.tell(`"${name}" is no service name that other registries take: it is not mirrored`);
    }
  }

  #full(limit: string): undefined {
    if (!this.#isFull) this.#options.tell(`${limit}: the others are not mirrored`);
    this.#isFull = true;
  }
}
