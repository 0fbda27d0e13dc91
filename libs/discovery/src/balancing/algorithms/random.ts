import type { Algorithm } from '../algorithm.ts';
import { type Drawable, draw, drawable } from '../draw.ts';

/** By chance, each as often as its weight says. */
export const random: Algorithm<Drawable> = { prepare: drawable, pick: (snapshot, ask) => draw(snapshot, ask) };
