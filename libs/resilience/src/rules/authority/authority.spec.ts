import { expect, it } from 'vitest';
import { REFUSED } from '../base.ts';
import { AuthorityChecker } from './authority.ts';
import { AuthorityRule } from './schema.ts';

it.each([
  ['allow', 'shop', 0],
  ['allow', 'other', REFUSED],
  ['allow', undefined, REFUSED],
  ['deny', 'shop', REFUSED],
  ['deny', 'other', 0],
  ['deny', undefined, 0],
])('%s shop: %s is answered %i', (mode, origin, answer) => {
  const rule = AuthorityRule.parse({ kind: 'authority', resource: 'r', mode, origins: ['shop'] });
  expect(new AuthorityChecker(rule).check({ origin })).toBe(answer);
});
