import { z } from 'zod';

/** What every rule has that stands at one resource. */
export const ruleBase = {
  /** `http:GET /orders`, `rpc:catalog.GetFilm`, `mq:order.placed`, or a name of your own. */
  resource: z.string().min(1).max(300),
  /** The rule counts what it would refuse, and refuses nothing. */
  shadow: z.boolean().default(false),
};

/** What a call brings with it that rules look at. */
export interface CallFacts {
  /** Who calls: the subject of the caller's token. */
  origin?: string | undefined;
  /** The resource by which the request came into this process. */
  entrance?: string | undefined;
  /** Arguments of the call by place or by name. */
  parameters?: readonly unknown[] | Readonly<Record<string, unknown>> | undefined;
}

/** The answer of a check that refuses; any other is the milliseconds that the call must wait, mostly 0. */
export const REFUSED = -1;

/** The answer of a check that must ask elsewhere first: {@link Checker.ask}, and then check again. */
export const ASK = -2;

/** How a call ended. `left`: its caller went away, which says nothing of the resource. */
export type Ending = 'succeeded' | 'failed' | 'timedOut' | 'left';

/** A rule at work: the window it looks at, and what it makes of it. */
export interface Checker {
  /** What the last check saw. */
  readonly observed: number;
  /** What it compared that with. */
  readonly limit: number;
  /** Whether the call may pass now (0), after some ms, not ({@link REFUSED}), or cannot be told yet ({@link ASK}). Changes nothing that another check sees. */
  check(facts: CallFacts, nowMs: number): number;
  /** Gets what a check lacks that answered {@link ASK}. */
  ask?(): Promise<void>;
  /** A call that this check let pass was admitted by all others too. */
  admitted?(facts: CallFacts, nowMs: number): void;
  /** An admitted call has ended. */
  ended?(facts: CallFacts, startedAtMs: number, nowMs: number, ending: Ending): void;
  /** How long a refused caller should wait, in ms. */
  retryAfterMs(nowMs: number): number | undefined;
  /** Why, in words. */
  reason(observed: number, limit: number): string;
  close?(): void;
}
