import type { Instance, Lease, Watch } from '@rookery/discovery';
import type { Endpoint } from './endpoint.ts';
import type { Gate } from './gate.ts';
import { ownPlaces, planMirror, verdictOf } from './plan-mirror.ts';
import type { SyncTimes } from './presence.ts';
import { sayOf } from './say-of.ts';

/** Changes that come together are one step. */
const SETTLE_MS = 200;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** Instances of one service whose failure is told. */
const MOST_COMPLAINTS = 20;

/** What the mirrors of one direction share. */
export interface MirrorContext {
  from: Endpoint;
  to: Endpoint;
  times: SyncTimes;
  leaseMs: number;
  /** Registrations and releases that run at once. */
  gate: Gate;
  /** Whether one more instance may be mirrored. */
  hasRoom: () => boolean;
  /** A line for a person. */
  tell: (line: string) => void;
  onChange: () => void;
}

/** The instances of one service, mirrored one way for as long as it is not closed. */
export class ServiceMirror {
  readonly service: string;
  readonly #context: MirrorContext;
  readonly #source: Watch;
  readonly #target: Watch;
  readonly #held = new Map<string, Lease>();
  #sourceKnown = false;
  #targetKnown = false;
  #missing: ReadonlyMap<string, number> = new Map();
  #failures = 0;
  /** Since all was well last. */
  readonly #told = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #step: Promise<void> | undefined;
  #closed = false;

  constructor(service: string, context: MirrorContext) {
    this.service = service;
    this.#context = context;
    this.#source = context.from.registry.watch(service, () => this.poke());
    this.#target = context.to.registry.watch(service, () => this.poke());
    void this.#source.ready.then(() => {
      this.#sourceKnown = true;
      this.poke();
    });
    void this.#target.ready.then(() => {
      this.#targetKnown = true;
      this.poke();
    });
  }

  get held(): number {
    return this.#held.size;
  }

  get missing(): number {
    return this.#missing.size;
  }

  get failing(): string {
    return this.#failures > 0 ? ([...this.#told].at(-1) ?? '') : '';
  }

  /** How many instances the target has by itself already. */
  get thereAlready(): number {
    const own = ownPlaces(this.#target.current);
    return this.#source.current.filter((instance) => verdictOf(instance, own) === 'there already').length;
  }

  /** Whether there is nothing to mirror, and nothing mirrored. */
  get isIdle(): boolean {
    return this.#sourceKnown && this.#source.current.length === 0 && this.#held.size === 0 && !this.#step;
  }

  /** Takes over what another process, or the one before, has mirrored: it stays until the source has spoken. */
  async adopt(instances: readonly Instance[]): Promise<void> {
    await this.#register(instances);
    this.poke();
  }

  /** Something may have changed. */
  poke(): void {
    this.#wakeIn(SETTLE_MS);
  }

  /** Stops; what is mirrored is released, or left to expire. */
  async close(release: boolean): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#source.close();
    this.#target.close();
    await this.#step;
    if (release) await Promise.all([...this.#held.keys()].map((id) => this.#release(id)));
  }

  #wakeIn(ms: number): void {
    const atMs = Date.now() + ms;
    if (this.#closed || (this.#timer !== undefined && this.#timerAtMs <= atMs)) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#step) return this.poke();
      this.#step = this.#mirror().finally(() => {
        this.#step = undefined;
      });
    }, ms);
  }

  async #mirror(): Promise<void> {
    if (this.#closed || !this.#targetKnown) return;
    const { from, times, tell, onChange } = this.#context;
    const nowMs = Date.now();
    const plan = planMirror({
      label: from.label,
      source: this.#sourceKnown ? this.#source.current : undefined,
      target: this.#target.current,
      held: new Map([...this.#held].map(([id, { instance }]) => [id, instance])),
      missing: this.#missing,
      presence: from.presence,
      times,
      nowMs,
    });
    this.#missing = plan.missing;
    if (plan.againAtMs !== undefined) this.#wakeIn(plan.againAtMs - nowMs);
    await this.#register(plan.register);
    const added = plan.register.filter(({ id }) => this.#held.has(id)).length;
    await Promise.all(plan.release.map((id) => this.#release(id)));
    const removed = plan.release.length;
    this.#failures = added < plan.register.length ? this.#failures + 1 : 0;
    if (this.#failures === 0) this.#told.clear();
    else this.#wakeIn(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1)));
    if (added + removed > 0) {
      tell(`${this.service}: ${[added && `+${added}`, removed && `-${removed}`].filter(Boolean).join(' ')}`);
      this.poke();
    }
    onChange();
  }

  /** Together first; then those that are refused one after the other, since an engine may refuse several for one of them. */
  async #register(instances: readonly Instance[]): Promise<void> {
    const refused: Instance[] = [];
    await Promise.all(
      instances.map(async (instance) => {
        const error = await this.#attempt(instance);
        if (error !== undefined && isRefusal(error) && instances.length > 1) refused.push(instance);
        else if (error !== undefined) this.#complain(instance, error);
      }),
    );
    for (const instance of refused) {
      const error = await this.#attempt(instance);
      if (error !== undefined) this.#complain(instance, error);
    }
  }

  /** Answers why it failed. */
  async #attempt(instance: Instance): Promise<unknown> {
    const { to, gate, leaseMs, hasRoom } = this.#context;
    return gate.run(async () => {
      if (this.#closed || !hasRoom()) return undefined;
      try {
        this.#held.set(instance.id, await to.registry.register(instance, { leaseMs }));
        return undefined;
      } catch (error) {
        return error;
      }
    });
  }

  async #release(id: string): Promise<void> {
    await this.#context.gate.run(async () => this.#held.get(id)?.release());
    this.#held.delete(id);
  }

  /** Once, until all is well again. */
  #complain({ id }: Instance, error: unknown): void {
    const line = `${this.service}: ${id} is not taken: ${sayOf(error)}`;
    if (this.#closed || this.#told.has(line) || this.#told.size >= MOST_COMPLAINTS) return;
    this.#told.add(line);
    this.#context.tell(line);
  }
}

/** Of a server that answers: to ask for one at a time takes no long. */
const isRefusal = (error: unknown): boolean => (error as { code?: string } | undefined)?.code === 'DISCOVERY_REFUSED';
