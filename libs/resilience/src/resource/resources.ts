import { currentRequest } from '@rookery/observability';
import type { CircuitState } from '../breaker/circuit-breaker.ts';
import type { Clock } from '../clock.ts';
import { rateStoreAway } from '../errors.ts';
import type { RateStore } from '../rate-limit/cluster-rate-limiter.ts';
import { pause } from '../retry/pause.ts';
import { ASK, type CallFacts, type Checker, type Ending, REFUSED } from '../rules/base.ts';
import { RULE_ORDER, type Rules } from '../rules/rule.ts';
import { type MachineLoad, SystemState } from '../rules/system/system-state.ts';
import { endingOf } from './ending.ts';
import { type PostedRule, postRule, type Surroundings } from './posted-rule.ts';
import { refusal } from './refusal.ts';
import { Resource } from './resource.ts';

export interface ResourcesOptions {
  clock?: Clock;
  /** Where cluster-flow rules count; without one each process gives out its share. */
  store?: RateStore;
  /** Processes that share cluster-wide limits; 1 when not given. */
  instances?: () => number;
  /** Resources that are kept; calls of more names pass uncounted, unless a rule names them. 2000 when not given. */
  maxResources?: number;
  /** Told of each change of a circuit. */
  onCircuit?: (resource: string, of: string, state: CircuitState) => void;
  /** How busy the machine is; really looked at when not given. */
  machine?: () => MachineLoad;
}

/** What a call brings along. */
export interface CallOptions extends CallFacts {
  /** The call comes from outside the process: system rules stand before it. */
  inbound?: boolean;
  /** Ends a wait in a queue. */
  signal?: AbortSignal | undefined;
  /** Longest wait in a queue; what is left of the request's deadline when not given. */
  maxWaitMs?: number;
}

const NO_FACTS: CallOptions = Object.freeze({});
/** A call that still must ask after so many answers is refused: others took what it had got. */
const MOST_QUESTIONS = 20;
const AWAY: RateStore = {
  take: () => Promise.reject(rateStoreAway(undefined)),
  close: async () => {},
};

/** An admitted call, whose end must be told. */
export class Entered {
  constructor(
    private readonly resource: Resource,
    private readonly enders: readonly Checker[],
    private readonly facts: CallFacts,
    readonly startedAtMs: number,
  ) {}

  end(ending: Ending, nowMs: number): void {
    this.resource.ended(this.enders, this.facts, this.startedAtMs, nowMs, ending);
  }
}

/** All resources of a process, and the rules before them. */
export class Resources {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #around: Surroundings;
  readonly #system: SystemState;
  readonly #resources = new Map<string, Resource>();
  #posted = new Map<string, PostedRule>();

  constructor({
    clock = Date.now,
    store = AWAY,
    instances = () => 1,
    maxResources = 2_000,
    onCircuit,
    machine,
  }: ResourcesOptions = {}) {
    this.#clock = clock;
    this.#max = maxResources;
    this.#system = new SystemState(machine);
    this.#around = {
      system: this.#system,
      store,
      clock,
      instances,
      traffic: (name) => this.#make(name),
      changed: (name, of, state, nowMs) => {
        this.#make(name).circuitChanged(of, state, nowMs);
        onCircuit?.(name, of, state);
      },
    };
  }

  /** All that were called or have a rule. */
  get all(): readonly Resource[] {
    return [...this.#resources.values()];
  }

  /** A resource that was called or has a rule. */
  find(name: string): Resource | undefined {
    return this.#resources.get(name);
  }

  now(): number {
    return this.#clock();
  }

  /** Puts these rules in the place of those before. Rules that stay go on counting. */
  load(rules: Rules): void {
    const posted = new Map<string, PostedRule>();
    for (const [id, rule] of Object.entries(rules)) {
      posted.set(id, postRule(id, rule, this.#posted.get(id), this.#around));
      if (rule.kind !== 'system') this.#make(rule.resource);
    }
    this.#posted = posted;
    for (const resource of this.#resources.values()) resource.post(this.#rulesOf(resource));
  }

  /**
   * Runs `work` as a call of a resource: asks its rules, waits where they say so, and counts how it ended. A refusal is a
   * RookeryError: FLOW_LIMITED and PARAMETER_LIMITED (429), SYSTEM_OVERLOADED and RESOURCE_DEGRADED (503) with the time
   * to wait, ORIGIN_FORBIDDEN (403).
   */
  async run<T>(name: string, work: () => Promise<T>, options: CallOptions = NO_FACTS): Promise<T> {
    const entering = this.enter(name, options);
    const entered = entering instanceof Promise ? await entering : entering;
    if (!entered) return work();
    try {
      const value = await work();
      entered.end('succeeded', this.#clock());
      return value;
    } catch (error) {
      entered.end(endingOf(error), this.#clock());
      throw error;
    }
  }

  /**
   * The first half of {@link run}, for who tells of the end himself. Undefined where the resource is not kept; a promise
   * where the call asks elsewhere, waits, or is refused.
   */
  enter(
    name: string,
    options: CallOptions = NO_FACTS,
    nowMs: number = this.#clock(),
  ): Entered | Promise<Entered> | undefined {
    const resource = this.#resources.get(name) ?? this.#newcomer(name);
    if (!resource) return undefined;
    if (options.inbound && !resource.system) this.#comesIn(resource);
    const facts = resource.asksWho ? withWho(options) : options;
    const verdict = resource.decide(facts, nowMs, resource.mayWait ? longestWaitMs(options, nowMs) : 0);
    if (verdict === 0) return new Entered(resource, resource.enders(), facts, nowMs);
    return this.#later(resource, verdict, facts, nowMs);
  }

  /** Shows a policy's breaker beside the rules of a resource; answers how to take it away. */
  watch(name: string, of: string, circuit: { readonly state: CircuitState }): () => void {
    const resource = this.#make(name);
    resource.circuits.set(of, circuit);
    return () => {
      if (resource.circuits.get(of) === circuit) resource.circuits.delete(of);
    };
  }

  /** A watched breaker has changed. */
  circuitChanged(name: string, of: string, state: CircuitState): void {
    this.#around.changed(name, of, state, this.#clock());
  }

  /** For a call that asks elsewhere, waits, or is refused. */
  async #later(resource: Resource, first: number, facts: CallOptions, firstMs: number): Promise<Entered> {
    const { signal } = facts;
    let verdict = first;
    let nowMs = firstMs;
    for (let asked = 0; verdict === ASK && asked < MOST_QUESTIONS; asked++) {
      await resource.decider?.checker.ask?.();
      signal?.throwIfAborted();
      nowMs = this.#clock();
      verdict = resource.decide(facts, nowMs, longestWaitMs(facts, nowMs));
    }
    if ((verdict === REFUSED || verdict === ASK) && resource.decider) {
      throw refusal(resource.name, resource.decider, nowMs);
    }
    const enders = resource.enders();
    if (verdict <= 0) return new Entered(resource, enders, facts, nowMs);
    try {
      await pause(Math.ceil(verdict), signal);
    } catch (error) {
      resource.ended(enders, facts, nowMs, this.#clock(), 'left');
      throw error;
    }
    return new Entered(resource, enders, facts, this.#clock());
  }

  #newcomer(name: string): Resource | undefined {
    return this.#resources.size < this.#max ? this.#make(name) : undefined;
  }

  #comesIn(resource: Resource): void {
    resource.system = this.#system;
    resource.post(this.#rulesOf(resource));
  }

  #make(name: string): Resource {
    let found = this.#resources.get(name);
    if (!found) {
      found = new Resource(name);
      this.#resources.set(name, found);
      found.post(this.#rulesOf(found));
    }
    return found;
  }

  #rulesOf(resource: Resource): PostedRule[] {
    const rules = [...this.#posted.values()].filter(({ rule }) =>
      rule.kind === 'system' ? resource.system !== undefined : rule.resource === resource.name,
    );
    return rules.toSorted((a, b) => RULE_ORDER.indexOf(a.rule.kind) - RULE_ORDER.indexOf(b.rule.kind));
  }
}

function withWho(options: CallOptions): CallOptions {
  const { principal, entrance } = currentRequest();
  return { ...options, origin: options.origin ?? principal?.subject, entrance: options.entrance ?? entrance };
}

/** At most what is left of the request's deadline. */
function longestWaitMs({ maxWaitMs = Number.POSITIVE_INFINITY }: CallOptions, nowMs: number): number {
  const { deadlineAtMs = Number.POSITIVE_INFINITY } = currentRequest();
  return Math.min(maxWaitMs, deadlineAtMs - nowMs);
}
