import { isDeepStrictEqual } from 'node:util';
import type { ChangeIndex } from './change-index.ts';
import { Refusal } from './refusal.ts';
import type { CheckRecord, CheckStatus, ServiceRecord, ServiceRegistration } from './service-record.ts';

/** Consul takes no shorter time to deregister. */
const SHORTEST_DEREGISTER_AFTER_MS = 60_000;
/** What an instance gets at least after the registry's restart, to report itself. */
const RESTART_GRACE_MS = 10_000;
const MAX_INSTANCES = 50_000;
/** Of a check whose time does not run out; survives JSON. */
const NEVER_MS = Number.MAX_SAFE_INTEGER;

/** Topics of the change index that services concern. */
export const SERVICES = 'services';
export const CHECKS = 'checks';
export const serviceTopic = (name: string): string => `service:${name}`;

export interface SavedServices {
  services: ServiceRecord[];
  checks: CheckRecord[];
}

/** The registered instances and their checks. Time passes only through {@link expire}. */
export class ServiceStore {
  readonly #services = new Map<string, ServiceRecord>();
  readonly #byName = new Map<string, Set<string>>();
  readonly #checks = new Map<string, CheckRecord>();
  readonly #probed = new Map<string, CheckRecord>();
  readonly #checksOf = new Map<string, Set<string>>();

  constructor(
    private readonly changes: ChangeIndex,
    private readonly now: () => number,
    private readonly onCritical: (checkId: string) => void = () => {},
  ) {}

  /** Names in use, with the tags of each. */
  names(): Map<string, string[]> {
    const names = [...this.#byName.keys()].sort();
    return new Map(
      names.map((name) => [name, [...new Set(this.ofName(name).flatMap(({ tags }) => tags))].sort()] as const),
    );
  }

  all(): ServiceRecord[] {
    return [...this.#services.values()];
  }

  ofName(name: string): ServiceRecord[] {
    return [...(this.#byName.get(name) ?? [])].flatMap((id) => this.#services.get(id) ?? []);
  }

  get(id: string): ServiceRecord | undefined {
    return this.#services.get(id);
  }

  check(id: string): CheckRecord | undefined {
    return this.#checks.get(id);
  }

  checks(): CheckRecord[] {
    return [...this.#checks.values()];
  }

  /** The checks that the registry runs itself. */
  probed(): Iterable<CheckRecord> {
    return this.#probed.values();
  }

  checksOf(serviceId: string): CheckRecord[] {
    return [...(this.#checksOf.get(serviceId) ?? [])].flatMap((id) => this.#checks.get(id) ?? []);
  }

  /** Registers or replaces. Nobody is woken when nothing differs. */
  register({ checks, ...facts }: ServiceRegistration): void {
    const known = this.#services.get(facts.id);
    if (!known && this.#services.size >= MAX_INSTANCES) throw new Refusal(500, `more than ${MAX_INSTANCES} instances`);
    const index = this.changes.next;
    const record: ServiceRecord = { ...facts, createIndex: known?.createIndex ?? index, modifyIndex: index };
    const wanted = this.#wantedChecks(record, checks, index);
    const before = this.checksOf(facts.id);
    const same =
      known !== undefined &&
      isDeepStrictEqual({ ...known, modifyIndex: 0 }, { ...record, modifyIndex: 0 }) &&
      isDeepStrictEqual(before.map(visible), wanted.map(visible));
    if (same) {
      for (const check of wanted)
        this.#put({ ...check, modifyIndex: this.#checks.get(check.id)?.modifyIndex ?? index });
      return;
    }
    const tagsBefore = known ? JSON.stringify(known.tags) : undefined;
    if (known) this.#remove(known);
    this.#services.set(record.id, record);
    setOf(this.#byName, record.name).add(record.id);
    for (const check of wanted) this.#put(check);
    const list = known?.name === record.name && tagsBefore === JSON.stringify(record.tags) ? [] : [SERVICES];
    const names = new Set([record.name, known?.name ?? record.name]);
    this.changes.touch(...[...names].map(serviceTopic), CHECKS, ...list);
  }

  /** Answers false when there is no such instance. */
  deregister(id: string): boolean {
    const record = this.#services.get(id);
    if (!record) return false;
    this.#remove(record);
    this.changes.touch(serviceTopic(record.name), CHECKS, SERVICES);
    return true;
  }

  /**
   * A heartbeat and nothing more: the check passes.
   * @param holdMs how long it lasts at least, where something else than its TTL tells that the instance is gone
   * @returns its TTL; undefined when there is no such check
   */
  beat(checkId: string, holdMs = 0): number | undefined {
    const check = this.#checks.get(checkId);
    if (!check || check.probe) return undefined;
    check.dueAtMs = this.now() + Math.max(check.ttlMs, holdMs);
    if (check.status !== 'passing') this.#set(check, 'passing', '');
    return check.ttlMs;
  }

  /** What held the check is gone: its TTL runs from now. */
  letGo(checkId: string): void {
    const check = this.#checks.get(checkId);
    if (check && !check.probe) check.dueAtMs = Math.min(check.dueAtMs, this.now() + check.ttlMs);
  }

  /** Takes a report on a check, which also is its heartbeat. */
  report(checkId: string, status: CheckStatus, output: string): void {
    const check = this.#checks.get(checkId);
    if (!check) {
      throw new Refusal(404, `Unknown check ID "${checkId}". Ensure that the check ID is passed, not the check name.`);
    }
    if (check.probe) throw new Refusal(500, `CheckID "${checkId}" does not have associated TTL`);
    check.dueAtMs = this.now() + check.ttlMs;
    this.#set(check, status, output);
  }

  /** Takes what a probe has found. */
  found(check: CheckRecord, status: CheckStatus, output: string): void {
    if (this.#checks.get(check.id) === check) this.#set(check, status, output);
  }

  /** Lets time take effect: checks turn critical, instances that stayed critical go. */
  expire(): void {
    const nowMs = this.now();
    for (const check of this.checks()) {
      if (check.status !== 'critical' && check.dueAtMs <= nowMs) this.#set(check, 'critical', 'TTL expired');
      if (goesAtMs(check) <= nowMs) this.deregister(check.serviceId);
    }
  }

  /** When {@link expire} has something to do next, unless reports come in; Infinity for never. */
  nextDueMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const check of this.#checks.values()) {
      next = Math.min(next, check.status === 'critical' ? goesAtMs(check) : check.dueAtMs);
    }
    return next;
  }

  save(): SavedServices {
    return { services: this.all(), checks: this.checks() };
  }

  /** Takes a snapshot back. Each instance gets its whole lease anew, since it could not report meanwhile. */
  restore({ services, checks }: SavedServices): void {
    const nowMs = this.now();
    for (const service of services) {
      this.#services.set(service.id, service);
      setOf(this.#byName, service.name).add(service.id);
    }
    for (const check of checks.filter(({ serviceId }) => this.#services.has(serviceId))) {
      const critical = check.status === 'critical' ? { criticalSinceMs: nowMs } : {};
      const dueAtMs = check.probe ? NEVER_MS : nowMs + Math.max(check.ttlMs, RESTART_GRACE_MS);
      this.#put({ ...check, ...critical, dueAtMs });
    }
  }

  #wantedChecks(service: ServiceRecord, checks: ServiceRegistration['checks'], index: number): CheckRecord[] {
    const nowMs = this.now();
    return checks.map(({ ttlMs, deregisterAfterMs, probe, ...check }, position) => {
      const id = check.id ?? `service:${service.id}${checks.length > 1 ? `:${position + 1}` : ''}`;
      const known = this.#checks.get(id);
      if (known && known.serviceId !== service.id)
        throw new Refusal(400, `check ID "${id}" belongs to another service`);
      // What a probe has found stays found until the next one.
      const before = probe && isDeepStrictEqual(known?.probe, probe) ? known : undefined;
      const status = before?.status ?? check.status ?? 'critical';
      return {
        id,
        name: check.name ?? `Service '${service.name}' check`,
        notes: check.notes ?? '',
        status,
        output: before?.output ?? '',
        serviceId: service.id,
        ttlMs,
        ...(probe ? { probe } : {}),
        dueAtMs: probe ? NEVER_MS : nowMs + ttlMs,
        ...(deregisterAfterMs ? { deregisterAfterMs: Math.max(deregisterAfterMs, SHORTEST_DEREGISTER_AFTER_MS) } : {}),
        ...(status === 'critical' ? { criticalSinceMs: before?.criticalSinceMs ?? nowMs } : {}),
        createIndex: known?.createIndex ?? index,
        modifyIndex: index,
      };
    });
  }

  #set(check: CheckRecord, status: CheckStatus, output: string): void {
    if (check.status === status && check.output === output) return;
    if (status !== 'critical') delete check.criticalSinceMs;
    else if (check.status !== 'critical') check.criticalSinceMs = this.now();
    const turnedCritical = status === 'critical' && check.status !== 'critical';
    check.status = status;
    check.output = output;
    const name = this.#services.get(check.serviceId)?.name ?? '';
    check.modifyIndex = this.changes.touch(serviceTopic(name), CHECKS);
    if (turnedCritical) this.onCritical(check.id);
  }

  #put(check: CheckRecord): void {
    this.#checks.set(check.id, check);
    if (check.probe) this.#probed.set(check.id, check);
    else this.#probed.delete(check.id);
    setOf(this.#checksOf, check.serviceId).add(check.id);
  }

  #remove(record: ServiceRecord): void {
    for (const { id } of this.checksOf(record.id)) {
      this.#checks.delete(id);
      this.#probed.delete(id);
    }
    this.#checksOf.delete(record.id);
    this.#services.delete(record.id);
    const ids = setOf(this.#byName, record.name);
    ids.delete(record.id);
    if (ids.size === 0) this.#byName.delete(record.name);
  }
}

const goesAtMs = ({ criticalSinceMs, deregisterAfterMs }: CheckRecord): number =>
  criticalSinceMs !== undefined && deregisterAfterMs ? criticalSinceMs + deregisterAfterMs : Number.POSITIVE_INFINITY;

/** What a query shows of a check. */
const visible = ({ id, name, notes, status, ttlMs, probe }: CheckRecord) => ({ id, name, notes, status, ttlMs, probe });

function setOf(map: Map<string, Set<string>>, key: string): Set<string> {
  const known = map.get(key);
  if (known) return known;
  const made = new Set<string>();
  map.set(key, made);
  return made;
}
