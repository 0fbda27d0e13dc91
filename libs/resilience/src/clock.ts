/** Epoch milliseconds; a parameter wherever a decision depends on time. */
export type Clock = () => number;

/** A number in [0, 1); a parameter wherever a decision depends on chance. */
export type Random = () => number;
