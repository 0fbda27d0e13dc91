import type { Manner } from './dependency.ts';

/** What a dependency can do that is well: 200 calls a second. */
export const WELL: Manner = { places: 20, delayMs: 100, failsOneOf: 0 };
/** As slow as when a disk or a query plan has gone wrong. */
export const SLOW: Manner = { ...WELL, delayMs: 300 };

/** A stretch of time in which the dependency behaves in one way. */
export interface Phase {
  readonly name: string;
  readonly manner?: Manner;
  readonly hangs?: boolean;
  /** It was hurt before, and is well from the beginning of this phase on. */
  readonly recovers?: boolean;
}

const well = (after: string): Phase => ({ name: `well after ${after}`, manner: WELL, recovers: true });

/** One after the other, under the same load. */
export const PHASES: readonly Phase[] = [
  { name: 'well', manner: WELL },
  { name: 'slow', manner: SLOW },
  well('slow'),
  { name: 'a third fails', manner: { ...WELL, failsOneOf: 3 } },
  { name: 'all fails', manner: { ...WELL, failsOneOf: 1 } },
  well('failing'),
  { name: 'hangs', hangs: true },
  well('hanging'),
];
