import { setTimeout as pause } from 'node:timers/promises';
import { RookeryError } from '@rookery/observability';
import { type Contender, IN_TIME_MS } from './contenders.ts';
import type { Arrivals, Manner } from './dependency.ts';
import type { HurtDependency } from './hurt-dependency.ts';
import { OpenLoop, type Outcome } from './open-loop.ts';
import { PHASES, type Phase } from './phases.ts';

export const TIMES_PEAK = 3;
const PATIENCE_MS = 10_000;
const RECOVERY_WINDOW_MS = 1_000;
/** The rate that counts as full again. */
const FULL = 0.9;

/** What became of the calls that were due in one phase. */
export interface PhaseResult {
  readonly phase: Phase;
  readonly sent: number;
  readonly goodPerSecond: number;
  readonly good: number;
  /** Refused here, without asking the dependency. */
  readonly refused: number;
  readonly failed: number;
  /** Of the calls that were answered. */
  readonly p99Ms: number;
  /** Until the full rate is there again; infinite where it never was. */
  readonly recoveryMs: number | undefined;
  /** What reached the dependency, for each call that did. */
  readonly arrivals: Arrivals;
}

const REFUSALS = new Set(['BULKHEAD_FULL', 'OVERLOADED', 'CIRCUIT_OPEN', 'FLOW_LIMITED']);

/** Answers a second in this manner, where every place is taken. */
export async function peakOf(dependency: HurtDependency, manner: Manner, durationMs: number): Promise<number> {
  await dependency.behave(manner);
  const startMs = performance.now();
  let answered = 0;
  const caller = async () => {
    while (performance.now() - startMs < durationMs) {
      await dependency.call(1, AbortSignal.timeout(PATIENCE_MS));
      answered++;
    }
  };
  await Promise.all(Array.from({ length: manner.places * 2 }, caller));
  // Until the last answer, whose calls began before the time was over.
  return answered / ((performance.now() - startMs) / 1_000);
}

/** What is normal: the p99 of a contender, open loop, at half of what the dependency can do in this manner. */
export async function normalP99Ms(
  dependency: HurtDependency,
  contender: Contender,
  { manner, peakPerSecond, durationMs }: { manner: Manner; peakPerSecond: number; durationMs: number },
): Promise<number> {
  await dependency.behave(manner);
  const load = new OpenLoop(peakPerSecond / 2, () => contender.call());
  await pause(durationMs);
  return p99Of(await load.stop());
}

/** Plays phases one after the other under an open load of so many times the peak, and closes the contender. */
export async function play(
  dependency: HurtDependency,
  contender: Contender,
  { peakPerSecond, phaseMs, phases = PHASES }: { peakPerSecond: number; phaseMs: number; phases?: readonly Phase[] },
): Promise<readonly PhaseResult[]> {
  const parts: { phase: Phase; fromMs: number; toMs: number; arrivals: Arrivals }[] = [];
  const load = new OpenLoop(peakPerSecond * TIMES_PEAK, () => contender.call());
  let outcomes: readonly Outcome[] = [];
  try {
    await dependency.arrivals();
    for (const phase of phases) {
      if (phase.manner) await dependency.behave(phase.manner);
      const fromMs = performance.now();
      if (phase.hangs) dependency.hang();
      await pause(phaseMs);
      if (phase.hangs) dependency.goOn();
      const toMs = performance.now();
      parts.push({ phase, fromMs, toMs, arrivals: await dependency.arrivals() });
    }
  } finally {
    dependency.goOn();
    outcomes = await load.stop();
    contender.close();
  }
  return parts.map(({ phase, fromMs, toMs, arrivals }) => {
    const due = outcomes.filter(({ dueAtMs }) => dueAtMs >= fromMs && dueAtMs < toMs);
    const good = due.filter(isGood);
    const refused = due.filter(({ error }) => error instanceof RookeryError && REFUSALS.has(error.code)).length;
    return {
      phase,
      arrivals,
      sent: due.length,
      good: good.length,
      goodPerSecond: good.length / ((toMs - fromMs) / 1_000),
      refused,
      failed: due.length - good.length - refused,
      p99Ms: p99Of(due),
      recoveryMs: phase.recovers ? recoveryMs(outcomes, fromMs, toMs, peakPerSecond) : undefined,
    };
  });
}

const isGood = ({ error, tookMs }: Outcome): boolean => error === undefined && tookMs <= IN_TIME_MS;

/** From when on a whole second has as many good answers as it should. */
function recoveryMs(outcomes: readonly Outcome[], fromMs: number, toMs: number, peakPerSecond: number): number {
  const answeredAtMs = outcomes
    .filter(isGood)
    .map(({ dueAtMs, tookMs }) => dueAtMs + tookMs)
    .filter((atMs) => atMs >= fromMs && atMs < toMs)
    .sort((a, b) => a - b);
  const enough = Math.ceil(FULL * peakPerSecond * (RECOVERY_WINDOW_MS / 1_000));
  const last = answeredAtMs.length - enough;
  for (let first = 0; first <= last; first++) {
    const startMs = answeredAtMs[first] ?? Number.NaN;
    const endMs = answeredAtMs[first + enough - 1] ?? Number.NaN;
    if (endMs - startMs <= RECOVERY_WINDOW_MS) return startMs - fromMs;
  }
  return Number.POSITIVE_INFINITY;
}

/** Of the calls that were answered. */
function p99Of(outcomes: readonly Outcome[]): number {
  const sorted = outcomes.flatMap(({ error, tookMs }) => (error === undefined ? [tookMs] : [])).sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
}
