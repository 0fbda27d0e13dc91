import type { Algorithm } from '../algorithm.ts';
import { drawExactly } from '../draw.ts';
import type { InstanceLoad } from '../instance-load.ts';

/** The fraction whose multiples lie most evenly on a line. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * In turn, each as often as its weight says, without bursts: turn n falls on the point n·φ of the line on which each
 * lies with its weight, and such points never crowd.
 */
export const weightedRoundRobin: Algorithm<readonly InstanceLoad[]> = {
  prepare: (loads) => loads,
  pick: (loads, ask) => drawExactly(loads, ask, (ask.turn * GOLDEN) % 1),
};
