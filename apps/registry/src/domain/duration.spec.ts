import { expect, it } from 'vitest';
import { parseDuration } from './duration.ts';

it.each([
  ['10s', 10_000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['250ms', 250],
  ['0', 0],
  [15e9, 15_000],
  ['', undefined],
  ['10', undefined],
  ['ten', undefined],
  ['10s later', undefined],
  ['-1s', undefined],
  [-1, undefined],
  [null, undefined],
])('a duration of %j is %j ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});
