import { expect, it } from 'vitest';
import { type BalanceInput, DEFAULT_BALANCE, parseBalance } from './balance.ts';

it('an algorithm by its name alone is a whole balance', () => {
  expect(parseBalance('maglev')).toEqual({ ...DEFAULT_BALANCE, algorithm: 'maglev' });
  expect(DEFAULT_BALANCE.algorithm).toBe('p2c');
  expect(parseBalance({ algorithm: 'ring-hash', sticky: { header: 'X-User-Id' } }).sticky).toEqual({
    header: 'x-user-id',
  });
});

it.each([
  ['fastest', 'balance.algorithm: .*p2c.*maglev'],
  [{ algoritm: 'p2c' }, 'balance: .*algoritm'],
  [{ algorithm: 'p2c', sticky: { header: 'x-user' } }, 'balance.sticky: needs the algorithm ring-hash or maglev'],
  [{ boundedLoad: 1.25 }, 'balance.boundedLoad: needs the algorithm ring-hash or maglev'],
  [{ algorithm: 'maglev', boundedLoad: 1 }, 'balance.boundedLoad: '],
  [{ algorithm: 'maglev', sticky: {} }, 'balance.sticky: expected a header or a cookie'],
  [{ ejection: { ceiling: 2 } }, 'balance.ejection.ceiling: '],
  [{ health: { path: 'health' } }, 'balance.health.path: '],
  [{ subset: 0 }, 'balance.subset: '],
  [7, 'balance: '],
])('%j is refused with its path', (given, message) => {
  expect(() => parseBalance(given as BalanceInput)).toThrow(
    expect.objectContaining({ code: 'DISCOVERY_BAD_BALANCE', message: expect.stringMatching(message) }),
  );
});
