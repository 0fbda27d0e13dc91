import type { Instance } from '@rookery/discovery';
import { isMirrored, mirrorOf, placeOf } from './mirrored.ts';
import { isGivenUp, type Presence, removableAtMs, type SyncTimes } from './presence.ts';

export interface MirrorFacts {
  /** The source's registry, by its label. */
  label: string;
  /** What the source says of a service; undefined as long as it has said nothing. */
  source: readonly Instance[] | undefined;
  target: readonly Instance[];
  /** What is mirrored by this process, by its id at the target. */
  held: ReadonlyMap<string, Instance>;
  /** Since when instances that are held are missing at the source, by the plan before. */
  missing: ReadonlyMap<string, number>;
  presence: Presence;
  times: SyncTimes;
  nowMs: number;
}

export interface MirrorPlan {
  /** To register now; before anything is released. */
  register: Instance[];
  /** Ids to release now. */
  release: string[];
  missing: Map<string, number>;
  /** When to plan anew, if nothing happens before. */
  againAtMs?: number;
}

/** What is to happen to an instance of the source, seen with the places of the target's own instances. */
export function verdictOf(
  instance: Instance,
  own: ReadonlySet<string>,
): 'mirror' | 'mirrored itself' | 'there already' {
  if (isMirrored(instance)) return 'mirrored itself';
  return own.has(placeOf(instance)) ? 'there already' : 'mirror';
}

/** Places of the instances that a registry has by itself. */
export const ownPlaces = (instances: readonly Instance[]): Set<string> =>
  new Set(instances.filter((instance) => !isMirrored(instance)).map(placeOf));

/**
 * From what is there to what should be: pure, for one service and one direction. A changed instance is registered under its
 * new id first, and the old one goes by the next plan; what the target has by itself goes at once; what is missing at the
 * source goes when it was missing long enough.
 */
export function planMirror({ label, source, target, held, missing, presence, times, nowMs }: MirrorFacts): MirrorPlan {
  const present = isGivenUp(presence, times, nowMs) ? [] : source;
  const own = ownPlaces(target);
  const mirrors = (present ?? [])
    .filter((instance) => verdictOf(instance, own) === 'mirror')
    .map((instance) => mirrorOf(instance, label));
  const wanted = new Map(mirrors.map((mirror) => [mirror.id, mirror]));
  const plan: MirrorPlan = {
    register: [...wanted.values()].filter(({ id }) => !held.has(id)),
    release: [],
    missing: new Map(),
  };
  const places = new Set(mirrors.map(placeOf));
  const registered = new Set(mirrors.filter(({ id }) => held.has(id)).map(placeOf));
  const againAt = (atMs: number) => {
    plan.againAtMs = Math.min(plan.againAtMs ?? atMs, atMs);
  };
  if (held.size + wanted.size > 0 && presence.awaySinceMs !== undefined && present === source)
    againAt(presence.awaySinceMs + times.giveUpAfterMs);
  for (const [id, instance] of held) {
    if (wanted.has(id)) continue;
    const place = placeOf(instance);
    if (own.has(place) || registered.has(place)) plan.release.push(id);
    else if (!places.has(place) && present !== undefined) {
      const sinceMs = missing.get(id) ?? nowMs;
      const atMs = removableAtMs(presence, sinceMs, times);
      if (atMs <= nowMs) plan.release.push(id);
      else {
        plan.missing.set(id, sinceMs);
        againAt(atMs);
      }
    }
  }
  return plan;
}
