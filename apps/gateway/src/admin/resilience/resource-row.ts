import { z } from 'zod';

const Circuit = z.enum(['closed', 'half-open', 'open']);
const Text = z.string().max(2_000);
const Count = z.number();

/** What an instance says of one resource; what else it says is left out. */
export const SeenResource = z.object({
  resource: Text,
  seconds: Count,
  running: Count,
  passed: Count,
  refused: Count,
  shortCircuited: Count,
  shadowed: Count,
  succeeded: Count,
  failed: Count,
  timedOut: Count,
  slow: Count,
  meanMs: Count,
  p99Ms: Count.nullable(),
  circuits: z.record(Text, Circuit),
  changes: z.array(z.object({ atMs: Count, of: Text, state: Circuit })).max(100),
  rules: z
    .array(z.object({ id: Text, kind: Text, shadow: z.boolean(), refused: Count, circuit: Circuit.optional() }))
    .max(1_000),
  refusals: z
    .array(
      z.object({
        atMs: Count,
        decision: Text,
        rule: Text.optional(),
        kind: Text.optional(),
        reason: Text,
        who: Text.optional(),
      }),
    )
    .max(100)
    .default([]),
});
export type SeenResource = z.output<typeof SeenResource>;

/** The resources of one instance. */
export interface SeenInstance {
  readonly service: string;
  readonly instance: string;
  readonly resources: readonly SeenResource[];
}

/** One resource over all instances of its service. */
export interface ResourceRow {
  readonly service: string;
  readonly resource: string;
  readonly instances: number;
  readonly running: number;
  readonly perSecond: number;
  readonly refusedPerSecond: number;
  /** Share of calls that ended: failed or timed out; slow. 0 to 1. */
  readonly errorShare: number;
  readonly slowShare: number;
  readonly meanMs: number;
  /** Of the slowest instance; null where it is not known. */
  readonly p99Ms: number | null;
  readonly circuits: readonly { of: string; state: SeenResource['circuits'][string]; instances: number }[];
  /** Newest first, as the refusals. */
  readonly changes: readonly (SeenResource['changes'][number] & { instance: string })[];
  readonly rules: readonly SeenResource['rules'][number][];
  readonly refusals: readonly (SeenResource['refusals'][number] & { instance: string })[];
}

const SHOWN = 5;

/** Adds up what the instances saw, one row for each resource of a service. */
export function joined(seen: readonly SeenInstance[]): ResourceRow[] {
  const groups = new Map<string, { service: string; parts: Part[] }>();
  for (const { service, instance, resources } of seen) {
    for (const each of resources) {
      const key = `${service}\n${each.resource}`;
      const group = groups.get(key) ?? { service, parts: [] };
      group.parts.push({ ...each, instance });
      groups.set(key, group);
    }
  }
  return [...groups.values()]
    .map(({ service, parts }) => row(service, parts))
    .toSorted((a, b) => a.service.localeCompare(b.service) || a.resource.localeCompare(b.resource));
}

type Part = SeenResource & { instance: string };

function row(service: string, parts: readonly Part[]): ResourceRow {
  const sum = (of: (part: Part) => number) => parts.reduce((total, part) => total + of(part), 0);
  const rate = (of: (part: Part) => number) => round(sum((part) => of(part) / part.seconds));
  const endedOf = (part: Part) => part.succeeded + part.failed + part.timedOut;
  const ended = sum(endedOf);
  const share = (part: number) => (ended === 0 ? 0 : round(part / ended));
  const known = parts.flatMap(({ p99Ms }) => p99Ms ?? []);
  return {
    service,
    resource: parts[0]?.resource ?? '',
    instances: parts.length,
    running: sum(({ running }) => running),
    perSecond: rate(({ passed }) => passed),
    refusedPerSecond: rate(({ refused, shortCircuited }) => refused + shortCircuited),
    errorShare: share(sum(({ failed, timedOut }) => failed + timedOut)),
    slowShare: share(sum(({ slow }) => slow)),
    meanMs: share(sum((part) => part.meanMs * endedOf(part))),
    p99Ms: known.length === 0 ? null : round(Math.max(...known)),
    circuits: circuitsOf(parts),
    changes: newest(parts.flatMap(({ changes, instance }) => changes.map((each) => ({ ...each, instance })))),
    rules: rulesOf(parts),
    refusals: newest(parts.flatMap(({ refusals, instance }) => refusals.map((each) => ({ ...each, instance })))),
  };
}

/** Each circuit once for each state that it has somewhere. */
function circuitsOf(parts: readonly Part[]): ResourceRow['circuits'] {
  const counted = new Map<string, ResourceRow['circuits'][number]>();
  for (const { circuits } of parts) {
    for (const [of, state] of Object.entries(circuits)) {
      const key = `${of}\n${state}`;
      counted.set(key, { of, state, instances: (counted.get(key)?.instances ?? 0) + 1 });
    }
  }
  return [...counted.values()];
}

function rulesOf(parts: readonly Part[]): ResourceRow['rules'] {
  const byId = new Map<string, SeenResource['rules'][number]>();
  for (const { rules } of parts) {
    for (const rule of rules) {
      byId.set(rule.id, { ...rule, refused: rule.refused + (byId.get(rule.id)?.refused ?? 0) });
    }
  }
  return [...byId.values()];
}

const newest = <T extends { atMs: number }>(all: readonly T[]): T[] =>
  all.toSorted((a, b) => b.atMs - a.atMs).slice(0, SHOWN);

const round = (value: number): number => Math.round(value * 1_000) / 1_000;
