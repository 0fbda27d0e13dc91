/** Sums and quotients of weights up to here are numbers, however many instances there are. */
const MOST = 1_000_000;

/** The weight that a registry says, where algorithms can reckon with it: what is no number counts as 1, as with drivers. */
export const usableWeight = (weight: number): number => (weight >= 0 ? Math.min(weight, MOST) : 1);
