import { currentRequest } from '@rookery/observability';
import type { CircuitState } from '../breaker/circuit-breaker.ts';
import { ASK, type CallFacts, type Checker, type Ending, REFUSED } from '../rules/base.ts';
import type { Traffic } from '../rules/flow/flow.ts';
import type { SystemState } from '../rules/system/system-state.ts';
import { DecisionRing } from '../state/decision-ring.ts';
import { Measures } from '../state/measures.ts';
import { SlidingWindow } from '../state/sliding-window.ts';
import type { PostedRule } from './posted-rule.ts';

const REMEMBERED = 100;
const CHANGES = 20;
const REFUSALS = 5;
/** Above it a call counts as slow where no rule says otherwise. */
const SLOW_MS = 1_000;

/** A circuit has changed. */
export interface CircuitChange {
  readonly atMs: number;
  /** The rule, or the name of the policy. */
  readonly of: string;
  readonly state: CircuitState;
}

/** A breaker of a policy that calls the resource. */
export interface WatchedCircuit {
  readonly state: CircuitState;
}

/** One named thing that is called: its rules, what is counted of it, and its last decisions. */
export class Resource implements Traffic {
  readonly measures = new Measures();
  readonly decisions = new DecisionRing<PostedRule>(REMEMBERED);
  /** The last calls that were refused, or in shadow would have been: others cannot crowd them out. */
  readonly refusals = new DecisionRing<PostedRule>(REFUSALS);
  readonly changes: CircuitChange[] = [];
  readonly circuits = new Map<string, WatchedCircuit>();
  running = 0;
  /** Since the start. */
  readonly totals = { passed: 0, refused: 0, shadowed: 0, succeeded: 0, failed: 0, timedOut: 0, left: 0 };
  /** The rule that decided the last call that was refused or must wait or ask. */
  decider: PostedRule | undefined;
  readonly #passes = new SlidingWindow(1_000);
  #rules: readonly PostedRule[] = [];
  #enders: readonly Checker[] = [];
  #slowMs = SLOW_MS;

  /** Set where the resource is called from outside the process. */
  system: SystemState | undefined;
  /** Whether a rule looks at who calls, or by which way. */
  asksWho = false;
  /** Whether a rule looks at parameters. */
  asksParameters = false;
  /** Whether a rule may let a call wait or ask. */
  mayWait = false;

  constructor(readonly name: string) {}

  get rules(): readonly PostedRule[] {
    return this.#rules;
  }

  post(rules: readonly PostedRule[]): void {
    this.#rules = rules;
    this.#enders = rules.map(({ checker }) => checker).filter((checker) => checker.ended !== undefined);
    this.asksWho = rules.some(
      ({ rule }) =>
        rule.kind === 'authority' || (rule.kind === 'flow' && (rule.origin !== undefined || rule.strategy === 'chain')),
    );
    this.asksParameters = rules.some(({ rule }) => rule.kind === 'hot-parameter');
    this.mayWait = rules.some(({ rule }) => rule.kind === 'flow' && rule.behaviour.endsWith('queueing'));
    this.#slowMs = Math.min(
      ...rules.map(({ rule }) => (rule.kind === 'degrade' && rule.slowMs) || Number.POSITIVE_INFINITY),
    );
    if (!Number.isFinite(this.#slowMs)) this.#slowMs = SLOW_MS;
  }

  passes(nowMs: number): number {
    return this.#passes.sum(nowMs);
  }

  /**
   * Asks the rules in their order. 0 or milliseconds to wait: the call is admitted and counted as running. REFUSED and
   * ASK: nothing has changed but the count of refusals, and {@link decider} says by whom.
   */
  decide(facts: CallFacts, nowMs: number, maxWaitMs: number): number {
    let waitMs = 0;
    let waitsFor: PostedRule | undefined;
    for (const posted of this.#rules) {
      const verdict = posted.checker.check(facts, nowMs);
      posted.verdict = verdict;
      if (verdict === 0) continue;
      if (verdict === ASK) {
        this.decider = posted;
        return ASK;
      }
      if (posted.rule.shadow) continue;
      if (verdict === REFUSED || verdict > maxWaitMs) return this.#refuse(posted, facts, nowMs);
      if (verdict > waitMs) {
        waitMs = verdict;
        waitsFor = posted;
      }
    }
    this.#admit(facts, nowMs);
    if (waitsFor) {
      const { checker } = waitsFor;
      this.decisions.add(nowMs, 'waited', waitsFor, checker.observed, checker.limit, waitMs);
    }
    return waitMs;
  }

  /** The checkers that an admitted call tells of its end; to be called right after {@link decide}. */
  enders(): readonly Checker[] {
    if (this.#enders.length === 0) return this.#enders;
    const shadows = this.#rules.some(({ verdict, checker }) => verdict === REFUSED && checker.ended);
    if (!shadows) return this.#enders;
    return this.#rules.flatMap(({ verdict, checker }) => (verdict !== REFUSED && checker.ended ? [checker] : []));
  }

  /** An admitted call has ended. */
  ended(enders: readonly Checker[], facts: CallFacts, startedAtMs: number, nowMs: number, ending: Ending): void {
    this.running--;
    this.totals[ending]++;
    const durationMs = Math.max(0, nowMs - startedAtMs);
    if (ending !== 'left') {
      this.measures.ended(ending, durationMs, nowMs);
      if (durationMs > this.#slowMs) this.measures.count('slow', nowMs);
    }
    for (const checker of enders) checker.ended?.(facts, startedAtMs, nowMs, ending);
    if (!this.system) return;
    this.system.running--;
    if (ending !== 'left') this.system.measures.ended(ending, durationMs, nowMs);
  }

  circuitChanged(of: string, state: CircuitState, atMs: number): void {
    this.changes.push({ atMs, of, state });
    if (this.changes.length > CHANGES) this.changes.shift();
  }

  #admit(facts: CallFacts, nowMs: number): void {
    let shadowed = false;
    for (const posted of this.#rules) {
      const { checker } = posted;
      if (posted.verdict !== REFUSED) checker.admitted?.(facts, nowMs);
      else {
        shadowed = true;
        posted.refused++;
        this.#remember('shadowed', posted, facts, nowMs);
      }
    }
    this.running++;
    this.totals.passed++;
    this.#passes.add(nowMs);
    this.measures.count('passed', nowMs);
    this.system?.admitted(nowMs);
    if (shadowed) {
      this.totals.shadowed++;
      this.measures.count('shadowed', nowMs);
    } else this.decisions.add(nowMs, 'passed');
  }

  #refuse(posted: PostedRule, facts: CallFacts, nowMs: number): number {
    posted.refused++;
    this.totals.refused++;
    this.measures.count(posted.rule.kind === 'degrade' ? 'shortCircuited' : 'refused', nowMs);
    this.#remember('refused', posted, facts, nowMs);
    this.decider = posted;
    return REFUSED;
  }

  #remember(decision: 'refused' | 'shadowed', posted: PostedRule, { origin }: CallFacts, nowMs: number): void {
    const { observed, limit } = posted.checker;
    const who = origin ?? currentRequest().principal?.subject;
    this.decisions.add(nowMs, decision, posted, observed, limit, 0, who);
    this.refusals.add(nowMs, decision, posted, observed, limit, 0, who);
  }
}
