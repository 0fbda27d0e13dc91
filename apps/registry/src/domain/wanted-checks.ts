import { isDeepStrictEqual } from 'node:util';
import { Refusal } from './refusal.ts';
import type { CheckRecord, ServiceRecord, ServiceRegistration } from './service-record.ts';

/** Consul takes no shorter time to deregister. */
const SHORTEST_DEREGISTER_AFTER_MS = 60_000;
/** Of a check whose time does not run out; survives JSON. */
export const NEVER_MS = Number.MAX_SAFE_INTEGER;

export interface WantedChecksOptions {
  checks: ServiceRegistration['checks'];
  known: (id: string) => CheckRecord | undefined;
  index: number;
  nowMs: number;
}

/** The checks that a registration asks for, with what is known of them already. Throws a {@link Refusal}. */
export function wantedChecks(
  service: ServiceRecord,
  { checks, known: knownBy, index, nowMs }: WantedChecksOptions,
): CheckRecord[] {
  return checks.map(({ ttlMs, deregisterAfterMs, probe, ...check }, position) => {
    const id = check.id ?? `service:${service.id}${checks.length > 1 ? `:${position + 1}` : ''}`;
    const known = knownBy(id);
    if (known && known.serviceId !== service.id) throw new Refusal(400, `check ID "${id}" belongs to another service`);
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

/** Whether two registrations ask for the same of a check, and it stands the same: what a query shows. */
export const sameChecks = (a: readonly CheckRecord[], b: readonly CheckRecord[]): boolean =>
  isDeepStrictEqual(a.map(visible), b.map(visible));

const visible = ({ id, name, notes, status, ttlMs, probe }: CheckRecord) => ({ id, name, notes, status, ttlMs, probe });
