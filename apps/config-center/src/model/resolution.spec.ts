import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeclaredNamespace, EnvironmentModel } from './environment-model.ts';
import { chainOf, compose, dependentsOf, isEndless, layersOf, type Own, placeText } from './resolution.ts';

const PUBLIC: DeclaredNamespace = { kind: 'public', app: null, inherits: null, placeholders: null };
const associated = (inherits: string): DeclaredNamespace => ({
  ...PUBLIC,
  kind: 'associated',
  app: 'orders',
  inherits,
});

const groups = ['default', 'eu', 'berlin', 'us'];
const names = ['orders', 'orders.mail', 'mail', 'cards.mail'];
const anyModel: fc.Arbitrary<EnvironmentModel> = fc
  .record({
    falls: fc.dictionary(fc.constantFrom(...groups), fc.option(fc.constantFrom(...groups)), { noNullPrototype: true }),
    heirs: fc.subarray(['orders.mail', 'cards.mail']),
  })
  .map(({ falls, heirs }) => ({
    groups: new Map(Object.entries(falls)),
    namespaces: new Map([['mail', PUBLIC], ...heirs.map((heir) => [heir, associated('mail')] as const)]),
  }));
const anyPlace = fc.record({ group: fc.constantFrom(...groups), name: fc.constantFrom(...names) });

const own = (group: string, name: string, settings: Record<string, unknown>): Own => ({
  place: { group, name },
  version: 1,
  settings,
  format: 'json',
  content: null,
});

describe('resolution of a namespace', () => {
  const model: EnvironmentModel = {
    groups: new Map([
      ['default', null],
      ['eu', 'default'],
      ['berlin', 'eu'],
    ]),
    namespaces: new Map([
      ['mail', PUBLIC],
      ['orders.mail', associated('mail')],
    ]),
  };

  it('looks for the public namespace below the associated one, in the nearest group first', () => {
    expect(layersOf(model, { group: 'berlin', name: 'orders.mail' }).map((layer) => layer.map(placeText))).toEqual([
      ['berlin/mail', 'eu/mail', 'default/mail'],
      ['berlin/orders.mail', 'eu/orders.mail', 'default/orders.mail'],
    ]);
    expect(layersOf(model, { group: 'us', name: 'orders' })).toEqual([[{ group: 'us', name: 'orders' }]]);
  });

  it('lays layers over each other key by key, a list as a whole, and keeps the text of one that stands alone', () => {
    const composed = compose([
      own('default', 'mail', { host: 'shared', port: 25, to: ['a', 'b'] }),
      own('eu', 'orders.mail', { host: 'own', to: ['c'] }),
    ]);
    expect(composed?.settings).toEqual({ host: 'own', port: 25, to: ['c'] });
    expect(composed?.content).toBeNull();
    expect(compose([{ ...own('a', 'b', { c: 1 }), content: 'c: 1' }, undefined])?.content).toBe('c: 1');
    expect(compose([undefined, undefined])).toBeUndefined();
  });

  it('knows every place that a change may reach, and no other', () => {
    fc.assert(
      fc.property(anyModel, anyPlace, anyPlace, (any, changed, place) => {
        const looksThere = layersOf(any, place).flat().map(placeText).includes(placeText(changed));
        const isSame = placeText(place) === placeText(changed);
        const dependents = dependentsOf(any, changed).map(placeText);
        // A group that is not declared looks nowhere else, so only its own namespaces follow.
        expect(dependents.includes(placeText(place))).toBe(looksThere && !isSame);
        expect(new Set(dependents).size).toBe(dependents.length);
      }),
    );
  });

  it('ends also where groups fall back in a circle, and says so', () => {
    fc.assert(
      fc.property(anyModel, fc.constantFrom(...groups), (any, group) => {
        const chain = chainOf(any, group);
        expect(new Set(chain).size).toBe(chain.length);
        const last = any.groups.get(chain.at(-1) ?? '');
        expect(isEndless(any, group)).toBe(last !== null && last !== undefined);
      }),
    );
  });
});
