/** How a call was decided. */
export const DECISIONS = ['passed', 'waited', 'refused', 'shadowed'] as const;
export type Decision = (typeof DECISIONS)[number];

const PASSED = DECISIONS.indexOf('passed');

/** One remembered decision; `decider` is undefined where nobody had anything against the call. */
export interface Decided<D> {
  readonly atMs: number;
  readonly decision: Decision;
  readonly decider: D | undefined;
  /** What the decider saw. */
  readonly observed: number;
  /** What it compared that with. */
  readonly limit: number;
  readonly waitMs: number;
  /** The subject of the caller's token; undefined for a call that passed, and for an unknown caller. */
  readonly who: string | undefined;
}

/** The last decisions, in arrays that are made once: remembering one allocates nothing. */
export class DecisionRing<D> {
  readonly #size: number;
  readonly #atMs: Float64Array;
  readonly #observed: Float64Array;
  readonly #limits: Float64Array;
  readonly #waitsMs: Float64Array;
  readonly #decisions: Uint8Array;
  readonly #deciders: (D | undefined)[];
  readonly #whos: (string | undefined)[];
  #next = 0;
  #count = 0;

  constructor(size: number) {
    this.#size = size;
    this.#atMs = new Float64Array(size);
    this.#observed = new Float64Array(size);
    this.#limits = new Float64Array(size);
    this.#waitsMs = new Float64Array(size);
    this.#decisions = new Uint8Array(size);
    this.#deciders = new Array<D | undefined>(size).fill(undefined);
    this.#whos = new Array<string | undefined>(size).fill(undefined);
  }

  add(nowMs: number, decision: Decision, decider?: D, observed = 0, limit = 0, waitMs = 0, who?: string): void {
    const at = this.#next;
    this.#atMs[at] = nowMs;
    this.#deciders[at] = decider;
    this.#whos[at] = who;
    if (decider === undefined) this.#decisions[at] = PASSED;
    else {
      this.#decisions[at] = DECISIONS.indexOf(decision);
      this.#observed[at] = observed;
      this.#limits[at] = limit;
      this.#waitsMs[at] = waitMs;
    }
    this.#next = at + 1 === this.#size ? 0 : at + 1;
    if (this.#count < this.#size) this.#count++;
  }

  /** Newest first. */
  newest(): Decided<D>[] {
    return Array.from({ length: this.#count }, (_, age) => {
      const at = (this.#next - 1 - age + this.#size) % this.#size;
      return {
        atMs: this.#atMs[at] ?? 0,
        decision: DECISIONS[this.#decisions[at] ?? 0] ?? 'passed',
        decider: this.#deciders[at],
        // Of a call that nobody decided, these are from the one whose place it took.
        observed: this.#deciders[at] ? (this.#observed[at] ?? 0) : 0,
        limit: this.#deciders[at] ? (this.#limits[at] ?? 0) : 0,
        waitMs: this.#deciders[at] ? (this.#waitsMs[at] ?? 0) : 0,
        who: this.#whos[at],
      };
    });
  }
}
