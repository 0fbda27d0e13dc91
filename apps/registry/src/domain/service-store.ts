import { isDeepStrictEqual } from 'node:util';
import type { ChangeIndex } from './change-index.ts';
import type { MarkChanged } from './changed-records.ts';
import { addTo, CheckTable } from './check-table.ts';
import { Refusal } from './refusal.ts';
import type { CheckRecord, CheckStatus, ServiceRecord, ServiceRegistration } from './service-record.ts';
import { NEVER_MS, sameChecks, wantedChecks } from './wanted-checks.ts';

/** What an instance gets at least after the registry's restart, to report itself. */
const RESTART_GRACE_MS = 10_000;
const MAX_INSTANCES = 50_000;

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
  readonly #checks = new CheckTable();
  /** No check is due before; reports only put it off, so that all of them are looked at seldom. */
  #soonestMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly changes: ChangeIndex,
    private readonly now: () => number,
    private readonly mark: MarkChanged,
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
    return [...this.#checks.all()];
  }

  /** The checks that the registry runs itself. */
  probed(): Iterable<CheckRecord> {
    return this.#checks.probed();
  }

  checksOf(serviceId: string): CheckRecord[] {
    return this.#checks.of(serviceId);
  }

  /** Registers or replaces. Nobody is woken when nothing differs. */
  register({ checks, ...facts }: ServiceRegistration): void {
    const known = this.#services.get(facts.id);
    if (!known && this.#services.size >= MAX_INSTANCES) throw new Refusal(500, `more than ${MAX_INSTANCES} instances`);
    const index = this.changes.next;
    const record: ServiceRecord = { ...facts, createIndex: known?.createIndex ?? index, modifyIndex: index };
    const wanted = wantedChecks(record, { checks, known: (id) => this.#checks.get(id), index, nowMs: this.now() });
    const same =
      known !== undefined &&
      isDeepStrictEqual({ ...known, modifyIndex: 0 }, { ...record, modifyIndex: 0 }) &&
      sameChecks(this.checksOf(facts.id), wanted);
    if (same) {
      for (const check of wanted)
        this.#putCheck({ ...check, modifyIndex: this.#checks.get(check.id)?.modifyIndex ?? index });
      return;
    }
    const tagsBefore = known ? JSON.stringify(known.tags) : undefined;
    if (known) this.#remove(known);
    this.#put(record);
    this.mark('services', record.id);
    for (const check of wanted) {
      this.#putCheck(check);
      this.mark('checks', check.id);
    }
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
    this.#dueAt(check, this.now() + Math.max(check.ttlMs, holdMs));
    if (check.status !== 'passing') this.#set(check, 'passing', '');
    return check.ttlMs;
  }

  /** What held the check is gone: its TTL runs from now. */
  letGo(checkId: string): void {
    const check = this.#checks.get(checkId);
    if (check && !check.probe) this.#dueAt(check, Math.min(check.dueAtMs, this.now() + check.ttlMs));
  }

  /** Takes a report on a check, which also is its heartbeat. */
  report(checkId: string, status: CheckStatus, output: string): void {
    const check = this.#checks.get(checkId);
    if (!check) {
      throw new Refusal(404, `Unknown check ID "${checkId}". Ensure that the check ID is passed, not the check name.`);
    }
    if (check.probe) throw new Refusal(500, `CheckID "${checkId}" does not have associated TTL`);
    this.#dueAt(check, this.now() + check.ttlMs);
    this.#set(check, status, output);
  }

  /** Takes what a probe has found. */
  found(check: CheckRecord, status: CheckStatus, output: string): void {
    if (this.#checks.get(check.id) === check) this.#set(check, status, output);
  }

  /** Lets time take effect: checks turn critical, instances that stayed critical go. */
  expire(): void {
    const nowMs = this.now();
    if (nowMs < this.#soonestMs) return;
    this.#soonestMs = Number.POSITIVE_INFINITY;
    for (const check of this.checks()) {
      if (check.status !== 'critical' && check.dueAtMs <= nowMs) this.#set(check, 'critical', 'TTL expired');
      if (goesAtMs(check) <= nowMs) this.deregister(check.serviceId);
      else this.#soonest(check);
    }
  }

  /** Before this {@link expire} has nothing to do, unless something is registered; Infinity for never. */
  nextDueMs(): number {
    return this.#soonestMs;
  }

  save(): SavedServices {
    return { services: this.all(), checks: this.checks() };
  }

  /** Takes a snapshot back. Each instance gets its whole lease anew, since it could not report meanwhile. */
  restore({ services, checks }: SavedServices): void {
    const nowMs = this.now();
    for (const service of services) this.#put(service);
    for (const check of checks.filter(({ serviceId }) => this.#services.has(serviceId))) {
      const critical = check.status === 'critical' ? { criticalSinceMs: nowMs } : {};
      const dueAtMs = check.probe ? NEVER_MS : nowMs + Math.max(check.ttlMs, RESTART_GRACE_MS);
      this.#putCheck({ ...check, ...critical, dueAtMs });
    }
  }

  #set(check: CheckRecord, status: CheckStatus, output: string): void {
    if (check.status === status && check.output === output) return;
    if (status !== 'critical') delete check.criticalSinceMs;
    else if (check.status !== 'critical') check.criticalSinceMs = this.now();
    const turnedCritical = status === 'critical' && check.status !== 'critical';
    check.status = status;
    check.output = output;
    this.#soonest(check);
    this.mark('checks', check.id);
    const name = this.#services.get(check.serviceId)?.name ?? '';
    check.modifyIndex = this.changes.touch(serviceTopic(name), CHECKS);
    if (turnedCritical) this.onCritical(check.id);
  }

  #putCheck(check: CheckRecord): void {
    this.#checks.put(check);
    this.#soonest(check);
  }

  #dueAt(check: CheckRecord, dueAtMs: number): void {
    check.dueAtMs = dueAtMs;
    this.#soonest(check);
  }

  #soonest(check: CheckRecord): void {
    const dueMs = check.status === 'critical' ? goesAtMs(check) : check.dueAtMs;
    if (dueMs < this.#soonestMs) this.#soonestMs = dueMs;
  }

  #put(record: ServiceRecord): void {
    this.#services.set(record.id, record);
    addTo(this.#byName, record.name, record.id);
  }

  #remove(record: ServiceRecord): void {
    for (const id of this.#checks.removeOf(record.id)) this.mark('checks', id);
    this.#services.delete(record.id);
    this.mark('services', record.id);
    const ids = this.#byName.get(record.name);
    ids?.delete(record.id);
    if (ids?.size === 0) this.#byName.delete(record.name);
  }
}

const goesAtMs = ({ criticalSinceMs, deregisterAfterMs }: CheckRecord): number =>
  criticalSinceMs !== undefined && deregisterAfterMs ? criticalSinceMs + deregisterAfterMs : Number.POSITIVE_INFINITY;
