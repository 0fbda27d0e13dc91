/**
 * Draws an index by weight in constant time (Walker's and Vose's alias method): `draw` needs one random number, however
 * many weights there are.
 */
export class AliasTable {
  readonly #keep: Float64Array;
  readonly #alias: Int32Array;

  /** @param weights each above 0 */
  constructor(weights: readonly number[]) {
    const size = weights.length;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#keep = Float64Array.from(weights, (weight) => (weight * size) / total);
    this.#alias = Int32Array.from(weights, (_, at) => at);
    const small: number[] = [];
    const large: number[] = [];
    for (const [at, share] of this.#keep.entries()) (share < 1 ? small : large).push(at);
    for (let less = small.pop(); less !== undefined; less = small.pop()) {
      const more = large.pop();
      if (more === undefined) {
        // What rounding left over.
        this.#keep[less] = 1;
        continue;
      }
      this.#alias[less] = more;
      const left = (this.#keep[more] ?? 0) - (1 - (this.#keep[less] ?? 0));
      this.#keep[more] = left;
      (left < 1 ? small : large).push(more);
    }
    for (const at of large) this.#keep[at] = 1;
  }

  /** @param random in [0, 1) */
  draw(random: number): number {
    const point = random * this.#keep.length;
    const at = Math.floor(point);
    return point - at < (this.#keep[at] ?? 1) ? at : (this.#alias[at] ?? at);
  }
}
