import type { Instance } from '../discovery.ts';
import { fraction, hashOf, mixed } from './hash.ts';

/**
 * The instances that one caller talks to where a service has too many: those that score highest for it (rendezvous
 * hashing by weight). Each caller gets its own, all instances about equally many callers, and one that joins or leaves
 * changes at most one instance of a subset.
 * @param identity of the caller
 */
export function subsetOf<T extends { readonly instance: Instance }>(
  loads: readonly T[],
  identity: string,
  size: number,
): readonly T[] {
  if (loads.length <= size) return loads;
  const caller = hashOf(identity);
  const score = ({ instance: { id, weight } }: T) => -weight / Math.log(fraction(mixed(hashOf(id) ^ caller)));
  const scored = loads.map((load) => ({ load, score: score(load) }));
  const chosen = new Set(
    scored
      .sort((a, b) => b.score - a.score)
      .slice(0, size)
      .map(({ load }) => load),
  );
  return loads.filter((load) => chosen.has(load));
}
