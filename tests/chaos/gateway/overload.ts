import { setTimeout as pause } from 'node:timers/promises';
import type { Outcome, Stage } from './stage.ts';

/** What one instance can do: so many at once, so long each. */
const CAPACITY = { places: 8, delayMs: 40 };
/** Keeps every place taken and a few waiting. */
const PEAK_CLIENTS = 24;
const TIMES_PEAK = 3;
/** An answer that comes later is of no use to anybody. */
const IN_TIME_MS = 1_000;
const TICK_MS = 5;

export interface Overload {
  peakPerSecond: number;
  offeredPerSecond: number;
  goodPerSecond: number;
  sent: number;
  good: number;
  /** Refused by the gateway, 503. */
  shed: number;
  /** Late, or any other answer. */
  failed: number;
  shedP99Ms: number;
}

/** First as much as the instances can do, then three times as many requests as that, whether or not they are answered. */
export async function overload(stage: Stage, durationMs: number): Promise<Overload> {
  await stage.behave(stage.instances, CAPACITY);
  await peak(stage, durationMs / 4);
  const peakPerSecond = await peak(stage, durationMs / 2);
  const offered = peakPerSecond * TIMES_PEAK;
  // The limit learns in its first moments.
  await flood(stage, offered, durationMs / 4);
  const outcomes = await flood(stage, offered, durationMs);
  const good = outcomes.filter((outcome) => outcome?.status === 200 && outcome.tookMs <= IN_TIME_MS).length;
  const shedMs = outcomes.flatMap((outcome) => (outcome?.status === 503 ? [outcome.tookMs] : [])).sort((a, b) => a - b);
  const seconds = durationMs / 1_000;
  return {
    peakPerSecond,
    offeredPerSecond: outcomes.length / seconds,
    goodPerSecond: good / seconds,
    sent: outcomes.length,
    good,
    shed: shedMs.length,
    failed: outcomes.length - good - shedMs.length,
    shedP99Ms: shedMs[Math.floor(shedMs.length * 0.99)] ?? Number.NaN,
  };
}

/** Answers a second where each client waits for one answer before it asks again. */
async function peak(stage: Stage, durationMs: number): Promise<number> {
  const endMs = performance.now() + durationMs;
  let answered = 0;
  const client = async () => {
    while (performance.now() < endMs) if ((await stage.get()).status === 200) answered++;
  };
  await Promise.all(Array.from({ length: PEAK_CLIENTS }, client));
  return answered / (durationMs / 1_000);
}

/** So many requests a second; undefined for one without an answer. */
async function flood(stage: Stage, perSecond: number, durationMs: number): Promise<(Outcome | undefined)[]> {
  const outcomes: Promise<Outcome | undefined>[] = [];
  const startMs = performance.now();
  for (let passedMs = 0; passedMs < durationMs; passedMs = performance.now() - startMs) {
    while (outcomes.length < (passedMs / 1_000) * perSecond) outcomes.push(stage.get().catch(() => undefined));
    await pause(TICK_MS);
  }
  return Promise.all(outcomes);
}
