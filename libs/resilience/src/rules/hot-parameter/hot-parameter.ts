import { createHash } from 'node:crypto';
import { RecentMap } from '../../state/recent-map.ts';
import { SlidingWindow } from '../../state/sliding-window.ts';
import { type CallFacts, type Checker, REFUSED } from '../base.ts';
import type { HotParameterRule } from './schema.ts';

/** Ten steps a window: 44 bytes a value. */
const BUCKETS = 10;
const LONGEST_KEY = 100;

/** What is counted of one value. */
interface Heat {
  readonly window: SlidingWindow | undefined;
  running: number;
}

/** The text under which a value is counted; undefined for what is no single value. A long one stands as its hash. */
export function keyOf(value: unknown): string | undefined {
  if (value === undefined || value === null || typeof value === 'object' || typeof value === 'function')
    return undefined;
  const text = String(value);
  return text.length <= LONGEST_KEY ? text : `sha256:${createHash('sha256').update(text).digest('base64')}`;
}

/** A part of a string keeps the whole of it alive; a copy does not. */
const copied = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le');

/** Sentinel's hot-parameter limit: each value of a parameter has its own window, in a bounded table. */
export class HotParameterChecker implements Checker {
  observed = 0;
  limit = 0;
  readonly #rule: HotParameterRule;
  readonly #exceptions: ReadonlyMap<string, number>;
  readonly #values: RecentMap<Heat>;
  #key: string | undefined;

  constructor(rule: HotParameterRule) {
    this.#rule = rule;
    this.#exceptions = new Map(rule.exceptions.map(({ value, limit }) => [keyOf(value) ?? '', limit]));
    this.#values = new RecentMap(rule.maxValues);
  }

  /** Values that are counted now. */
  get size(): number {
    return this.#values.size;
  }

  check(facts: CallFacts, nowMs: number): number {
    const key = this.#keyIn(facts);
    this.#key = key;
    if (key === undefined) return 0;
    this.limit = this.#exceptions.get(key) ?? this.#rule.limit;
    const heat = this.#values.get(key);
    this.observed = heat ? (heat.window ? heat.window.sum(nowMs) : heat.running) : 0;
    return this.observed < this.limit ? 0 : REFUSED;
  }

  admitted(_facts: CallFacts, nowMs: number): void {
    const key = this.#key;
    if (key === undefined) return;
    const heat = this.#values.get(key) ?? this.#add(key);
    if (heat.window) heat.window.add(nowMs);
    else heat.running++;
  }

  ended(facts: CallFacts): void {
    if (this.#rule.grade === 'qps') return;
    const key = this.#keyIn(facts);
    const heat = key === undefined ? undefined : this.#values.peek(key);
    if (heat && heat.running > 0) heat.running--;
  }

  retryAfterMs(nowMs: number): number {
    const heat = this.#key === undefined ? undefined : this.#values.peek(this.#key);
    return Math.max(1, heat?.window?.untilLessMs(nowMs) ?? this.#rule.windowMs);
  }

  reason(observed: number, limit: number): string {
    const { parameter, grade, windowMs } = this.#rule;
    const what = grade === 'qps' ? `calls in ${windowMs} ms` : 'calls running';
    return `this value of ${parameter} had ${observed} ${what}; the limit is ${limit}`;
  }

  #keyIn({ parameters }: CallFacts): string | undefined {
    return parameters && keyOf((parameters as Readonly<Record<string | number, unknown>>)[this.#rule.parameter]);
  }

  #add(key: string): Heat {
    const isRate = this.#rule.grade === 'qps';
    const heat: Heat = { window: isRate ? new SlidingWindow(this.#rule.windowMs, BUCKETS) : undefined, running: 0 };
    this.#values.add(copied(key), heat);
    return heat;
  }
}
