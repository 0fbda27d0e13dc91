import type { Instance } from '@rookery/discovery';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMirrored, MIRRORED_FROM, mirrorOf, placeOf } from './mirrored.ts';
import { ownPlaces, planMirror } from './plan-mirror.ts';
import type { Presence, SyncTimes } from './presence.ts';

const TIMES: SyncTimes = { removalsAfterMs: 3_000, afterOutageMs: 30_000, giveUpAfterMs: 600_000 };
const WELL: Presence = { troubleAtMs: Number.NEGATIVE_INFINITY };

/** Few ids and places, so that they meet. */
const instances = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    service: fc.constant('orders'),
    address: fc.constantFrom('10.0.0.1', '10.0.0.2'),
    port: fc.constantFrom(80, 81, 82),
    weight: fc.constantFrom(1, 2),
    metadata: fc.constantFrom<Record<string, string>>({}, { version: '2' }, { [MIRRORED_FROM]: 'elsewhere://x' }),
  }),
  { selector: ({ id }) => id, maxLength: 5 },
);

const idsOf = (all: Iterable<Instance>) => [...all].map(({ id }) => id).sort();
const placesOf = (all: Iterable<Instance>) => new Set([...all].map(placeOf));

/** One direction between two registries, without waiting: each plan is carried out at once. */
class Direction {
  readonly held = new Map<string, Instance>();
  readonly #label: string;
  #missing: ReadonlyMap<string, number> = new Map();
  /** When it wants to be asked anew. */
  againAtMs: number | undefined;

  constructor(label: string) {
    this.#label = label;
  }

  /** Answers how much it did. */
  step(source: readonly Instance[] | undefined, target: readonly Instance[], nowMs: number, presence = WELL): number {
    const facts = { label: this.#label, source, target, held: this.held, missing: this.#missing };
    const plan = planMirror({ ...facts, presence, times: TIMES, nowMs });
    this.#missing = plan.missing;
    this.againAtMs = plan.againAtMs;
    for (const instance of plan.register) this.held.set(instance.id, instance);
    for (const id of plan.release) this.held.delete(id);
    return plan.register.length + plan.release.length;
  }
}

describe('what is mirrored', () => {
  it('comes to rest at what the source has and the target has not, whatever was there', () => {
    fc.assert(
      fc.property(instances, instances, instances, (before, source, target) => {
        const direction = new Direction('a://x');
        direction.step(before, target, 0);
        for (const nowMs of [0, 1, 3_001, 3_002]) direction.step(source, target, nowMs);
        const own = ownPlaces(target);
        const wanted = source.filter((instance) => !isMirrored(instance) && !own.has(placeOf(instance)));
        expect(idsOf(direction.held.values())).toEqual(idsOf(wanted.map((each) => mirrorOf(each, 'a://x'))));
        expect(direction.step(source, target, 9_000)).toBe(0);
      }),
    );
  });

  it('both ways: each instance is mirrored once at most, and both come to rest', () => {
    fc.assert(
      fc.property(instances, instances, (ownOfA, ownOfB) => {
        const [toB, toA] = [new Direction('a://x'), new Direction('b://x')];
        const a = () => [...ownOfA, ...toA.held.values()];
        const b = () => [...ownOfB, ...toB.held.values()];
        let did = 1;
        for (let round = 0; round < 4; round++) did = toB.step(a(), b(), round) + toA.step(b(), a(), round);
        expect(did).toBe(0);
        expect(placesOf(a())).toEqual(placesOf([...ownOfA, ...ownOfB.filter((each) => !isMirrored(each))]));
        expect(a().length + b().length).toBeLessThanOrEqual(2 * (ownOfA.length + ownOfB.length));
      }),
    );
  });

  it('what changed is registered before its old self is released', () => {
    fc.assert(
      fc.property(instances, fc.constantFrom('zone', 'weight', 'metadata'), (source, changed) => {
        const direction = new Direction('a://x');
        direction.step(source, [], 0);
        const places = placesOf(direction.held.values());
        const facts = { zone: { zone: 'z' }, weight: { weight: 9 }, metadata: { metadata: { version: '3' } } }[changed];
        const after = source.filter((each) => !isMirrored(each)).map((each) => ({ ...each, ...facts }));
        for (let round = 0; round < 3; round++) {
          direction.step(after, [], 1);
          expect(placesOf(direction.held.values())).toEqual(places);
        }
        expect(direction.held.size).toBe(after.length);
      }),
    );
  });

  it('keeps what the source does not show until it was missing long enough, and never notices what came back', () => {
    fc.assert(
      fc.property(instances, fc.array(fc.integer({ min: 1, max: 2_999 }), { maxLength: 10 }), (source, gapsMs) => {
        const direction = new Direction('a://x');
        direction.step(source, [], 0);
        const held = idsOf(direction.held.values());
        let nowMs = 0;
        for (const gapMs of gapsMs) {
          direction.step([], [], nowMs);
          nowMs += gapMs;
          direction.step([], [], nowMs);
          expect(idsOf(direction.held.values())).toEqual(held);
          expect(direction.step(source, [], nowMs)).toBe(0);
        }
        direction.step([], [], nowMs);
        direction.step([], [], nowMs + 3_000);
        expect(direction.held.size).toBe(0);
      }),
    );
  });

  it('keeps all while the source is away or was a moment ago, and nothing when it was for ten minutes', () => {
    fc.assert(
      fc.property(instances, instances, fc.integer({ min: 0, max: 599_999 }), (source, shown, awayMs) => {
        const direction = new Direction('a://x');
        direction.step(source, [], 0);
        const held = placesOf(direction.held.values());
        const away = { awaySinceMs: 0, troubleAtMs: awayMs };
        const keeps = () => expect([...placesOf(direction.held.values())]).toEqual(expect.arrayContaining([...held]));
        for (const said of [undefined, [], shown, source]) {
          direction.step(said, [], awayMs, away);
          keeps();
          expect(direction.againAtMs).toBe(direction.held.size > 0 ? 600_000 : undefined);
        }
        direction.step(shown, [], awayMs + 29_999, { troubleAtMs: awayMs });
        keeps();
        direction.step(source, [], 600_000, away);
        direction.step(source, [], 600_000, away);
        expect(direction.held.size).toBe(0);
      }),
    );
  });

  it('decides nothing about what was taken over before the source has spoken', () => {
    const direction = new Direction('a://x');
    const [mine] = [mirrorOf({ id: 'a', service: 's', address: 'h', port: 1, weight: 1, metadata: {} }, 'a://x')];
    direction.held.set(mine.id, mine);
    for (const nowMs of [0, 60_000]) expect(direction.step(undefined, [mine], nowMs)).toBe(0);
    direction.step([], [mine], 60_000);
    expect(direction.step([], [mine], 63_000)).toBe(1);
  });
});
