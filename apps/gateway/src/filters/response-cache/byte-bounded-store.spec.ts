import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteBoundedStore } from './byte-bounded-store.ts';
import { policyOf, type StoredResponse, storedResponse } from './stored-response.ts';

function response(length: number, lane = ''): StoredResponse {
  const facts = {
    request: { 'x-lane': lane },
    status: 200,
    headers: { 'cache-control': 'max-age=60', vary: 'x-lane' },
    isPersonal: false,
  };
  const policy = policyOf(facts, { staleWhileRevalidateSeconds: 0, staleIfErrorSeconds: 0 });
  if (!policy) throw new Error('not storable');
  return storedResponse(facts, policy, Buffer.alloc(length), {
    route: 'a',
    service: 'catalog',
    path: '/',
    headers: [],
  });
}

const never = () => false;

it('whatever is put in, it holds no more bytes than it may, and counts them right', () => {
  const step = fc.record({ key: fc.integer({ min: 0, max: 9 }), length: fc.integer({ min: 0, max: 9_000 }) });
  fc.assert(
    fc.property(fc.array(fc.oneof(step, fc.integer({ min: 0, max: 9 })), { maxLength: 100 }), (steps) => {
      const store = new ByteBoundedStore(20_000);
      for (const happens of steps) {
        if (typeof happens === 'number') store.delete(`key ${happens}`);
        else store.put(`key ${happens.key}`, response(happens.length), never);
        expect(store.bytes).toBeLessThanOrEqual(20_000);
      }
      for (let key = 0; key < 10; key++) store.delete(`key ${key}`);
      expect(store.bytes).toBe(0);
    }),
  );
});

it('what was asked for stays, what was not goes', () => {
  const store = new ByteBoundedStore(20_000);
  for (const key of ['a', 'b', 'c']) store.put(key, response(4_000), never);
  store.get('a');
  store.put('d', response(4_000), never);
  store.put('e', response(4_000), never);
  expect(['a', 'b', 'c', 'd', 'e'].filter((key) => store.get(key).length > 0)).toEqual(['a', 'd', 'e']);
});

it('a key has sixteen variants at most', () => {
  const store = new ByteBoundedStore(1_000_000);
  for (let lane = 0; lane < 40; lane++) store.put('a', response(10, `lane ${lane}`), never);
  expect(store.get('a')).toHaveLength(16);
});
