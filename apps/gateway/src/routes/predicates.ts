import type { Clock, Random } from '@rookery/resilience';
import { AddressSet } from '../request/trusted-proxies.ts';
import { compilePattern } from './pattern.ts';
import type { RequestFacts } from './request-facts.ts';
import type { When } from './when.ts';

export type Predicate = (facts: RequestFacts) => boolean;

/** A part of a weight group's line from 0 to 1. */
export interface Slice {
  readonly from: number;
  readonly to: number;
}

export interface PredicateParts {
  readonly clock: Clock;
  readonly random: Random;
  /** The route's slice of its weight group. */
  readonly slice: Slice | undefined;
}

/** All predicates of a route but its hosts, by which the route is found; the cheapest come first. */
export function compilePredicates(when: When, { clock, random, slice }: PredicateParts): Predicate[] {
  const { methods, headers, query, cookies, remoteAddresses, after, before, lane, weight } = when;
  const predicates: Predicate[] = [];
  if (methods) {
    const known = new Set<string>(methods);
    predicates.push((facts) => known.has(facts.method));
  }
  if (after || before) {
    const fromMs = after ? Date.parse(after) : Number.NEGATIVE_INFINITY;
    const untilMs = before ? Date.parse(before) : Number.POSITIVE_INFINITY;
    predicates.push(() => {
      const nowMs = clock();
      return nowMs >= fromMs && nowMs < untilMs;
    });
  }
  if (lane !== undefined) predicates.push((facts) => facts.lane === lane);
  each(headers, (name, holds) => predicates.push((facts) => holds(facts.header(name))));
  each(cookies, (name, holds) => predicates.push((facts) => holds(facts.cookie(name))));
  each(query, (name, holds) => predicates.push((facts) => holds(facts.queryValue(name))));
  if (remoteAddresses) {
    const addresses = new AddressSet(remoteAddresses);
    predicates.push((facts) => addresses.has(facts.clientAddress));
  }
  if (weight && slice) {
    const { group, sticky } = weight;
    predicates.push((facts) => {
      const share = facts.share(group, sticky, random);
      return share >= slice.from && share < slice.to;
    });
  }
  return predicates;
}

function each(
  patterns: Readonly<Record<string, string>> | undefined,
  add: (name: string, holds: (value: string | undefined) => boolean) => void,
): void {
  for (const [name, pattern] of Object.entries(patterns ?? {})) {
    const matches = compilePattern(pattern);
    add(name, (value) => value !== undefined && matches(value));
  }
}

/** Each route's slice of its weight group, by its place in the list; groups in which all shares are 0 take nothing. */
export function slicesOf(all: readonly (When | undefined)[]): (Slice | undefined)[] {
  const totals = new Map<string, number>();
  for (const when of all) {
    if (when?.weight) totals.set(when.weight.group, (totals.get(when.weight.group) ?? 0) + when.weight.share);
  }
  const reached = new Map<string, number>();
  return all.map((when) => {
    if (!when?.weight) return undefined;
    const { group, share } = when.weight;
    const before = reached.get(group) ?? 0;
    reached.set(group, before + share);
    const total = totals.get(group) ?? 0;
    return total === 0 ? { from: 0, to: 0 } : { from: before / total, to: (before + share) / total };
  });
}
