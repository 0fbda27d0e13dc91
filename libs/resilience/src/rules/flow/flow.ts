import { SlidingWindow } from '../../state/sliding-window.ts';
import { type CallFacts, type Checker, REFUSED } from '../base.ts';
import { nextPassMs, queueWaitMs } from './queueing.ts';
import type { FlowRule } from './schema.ts';
import {
  cold,
  type LastSecond,
  type WarmUpShape,
  type WarmUpState,
  warmed,
  warmLimit,
  warmUpShape,
} from './warm-up.ts';

const SECOND_MS = 1_000;
const IDLE_SECOND: LastSecond = { asked: 0, passed: 0 };

/** What a flow rule sees of a resource besides its own count. */
export interface Traffic {
  readonly running: number;
  /** Calls that passed in the last second. */
  passes(nowMs: number): number;
}

/** Sentinel's flow control: so many calls in any second, or so many at once; refused, warmed up, or spaced in a queue. */
export class FlowChecker implements Checker {
  observed = 0;
  limit: number;
  readonly #rule: FlowRule;
  /** The resource of the rule, or the related one. */
  readonly #traffic: Traffic;
  readonly #countsOwn: boolean;
  readonly #window: SlidingWindow;
  readonly #shape: WarmUpShape | undefined;
  #warmth: WarmUpState;
  #second = 0;
  #asked = 0;
  #passed = 0;
  #lastSecond: LastSecond = IDLE_SECOND;
  #latestPassMs = Number.NEGATIVE_INFINITY;
  #spacingMs = 0;
  #running = 0;

  /** @param previous the checker that stood here before the rule was changed: what it has counted goes on counting */
  constructor(rule: FlowRule, traffic: Traffic, previous?: FlowChecker) {
    this.#rule = rule;
    this.#traffic = traffic;
    this.limit = rule.limit;
    this.#countsOwn = rule.strategy !== 'associated';
    this.#window = previous ? previous.#window : new SlidingWindow(SECOND_MS);
    this.#latestPassMs = previous ? previous.#latestPassMs : Number.NEGATIVE_INFINITY;
    const warmsUp = rule.behaviour === 'warm-up' || rule.behaviour === 'warm-up-queueing';
    this.#shape = warmsUp ? warmUpShape(rule.limit, rule.warmUpMs, rule.coldFactor) : undefined;
    this.#warmth = this.#shape ? cold(this.#shape) : { tokens: 0, second: 0 };
  }

  check(facts: CallFacts, nowMs: number): number {
    const rule = this.#rule;
    if (!this.#concerns(facts)) return 0;
    if (rule.grade === 'concurrency') {
      this.observed = this.#calls();
      return this.observed < this.limit ? 0 : REFUSED;
    }
    if (this.#shape) this.#warm(this.#shape, nowMs);
    if (rule.behaviour === 'queueing' || rule.behaviour === 'warm-up-queueing') {
      this.#spacingMs = SECOND_MS / this.limit;
      const waitMs = queueWaitMs(this.#latestPassMs, nowMs, this.#spacingMs, rule.maxQueueMs);
      this.observed = nextPassMs(this.#latestPassMs, nowMs, this.#spacingMs) - nowMs;
      return waitMs;
    }
    this.observed = this.#countsOwn ? this.#window.sum(nowMs) : this.#traffic.passes(nowMs);
    return this.observed + 1 <= this.limit ? 0 : REFUSED;
  }

  admitted(facts: CallFacts, nowMs: number): void {
    if (!this.#concerns(facts)) return;
    const rule = this.#rule;
    if (rule.grade === 'concurrency') {
      this.#running++;
      return;
    }
    this.#passed++;
    if (this.#spacingMs > 0) this.#latestPassMs = nextPassMs(this.#latestPassMs, nowMs, this.#spacingMs);
    else if (this.#countsOwn) this.#window.add(nowMs);
  }

  ended(facts: CallFacts): void {
    if (this.#rule.grade === 'concurrency' && this.#concerns(facts)) this.#running--;
  }

  retryAfterMs(nowMs: number): number {
    if (this.#rule.grade === 'concurrency') return SECOND_MS;
    if (this.#spacingMs > 0) return Math.max(1, this.observed - this.#rule.maxQueueMs);
    return Math.max(1, this.#countsOwn ? this.#window.untilLessMs(nowMs) : SECOND_MS);
  }

  reason(observed: number, limit: number): string {
    const { grade, behaviour, strategy, related, maxQueueMs } = this.#rule;
    const most = Math.round(limit * 10) / 10;
    if (behaviour === 'queueing' || behaviour === 'warm-up-queueing') {
      return `its turn among ${most} calls/s comes in ${Math.round(observed)} ms; the longest wait is ${maxQueueMs} ms`;
    }
    const whose = strategy === 'associated' ? `${related} had` : 'it had';
    const what = grade === 'concurrency' ? 'calls running' : 'calls in the last second';
    return `${whose} ${observed} ${what}; the limit is ${most}${behaviour === 'warm-up' ? ' while it warms up' : ''}`;
  }

  #concerns({ origin, entrance }: CallFacts): boolean {
    const rule = this.#rule;
    return (
      (rule.origin === undefined || rule.origin === origin) && (rule.strategy !== 'chain' || rule.entrance === entrance)
    );
  }

  /** Calls that run now: all of the resource, or those that this rule counts alone. */
  #calls(): number {
    const { origin, strategy } = this.#rule;
    const all = strategy === 'associated' || (origin === undefined && strategy === 'direct');
    return all && !this.#rule.shadow ? this.#traffic.running : this.#running;
  }

  #warm(shape: WarmUpShape, nowMs: number): void {
    const second = Math.floor(nowMs / SECOND_MS);
    if (second > this.#second) {
      this.#lastSecond = second - this.#second === 1 ? { asked: this.#asked, passed: this.#passed } : IDLE_SECOND;
      this.#asked = this.#passed = 0;
      this.#second = second;
    }
    this.#asked++;
    this.#warmth = warmed(this.#warmth, shape, nowMs, this.#lastSecond);
    this.limit = warmLimit(this.#warmth, shape);
  }
}
