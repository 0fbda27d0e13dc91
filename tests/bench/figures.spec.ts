import { expect, it } from 'vitest';
import { type Figure, figureLine, isMet } from './figures.ts';

it.each<[Figure['value'], Figure['goal'], string, boolean]>([
  [0.7958, { atLeast: 0.8 }, '0.796 goal >=0.8 missed', false],
  [0.7996, { atLeast: 0.8 }, '0.800 goal >=0.8 met', true],
  [1.2504, { atMost: 1.25 }, '1.250 goal <=1.25 met', true],
  [1.2506, { atMost: 1.25 }, '1.251 goal <=1.25 missed', false],
])('%d is compared as it is printed', (value, goal, line, met) => {
  const figure: Figure = { name: 'gateway.x', value, goal };
  expect(figureLine(figure)).toBe(`figure gateway.x ${line}`);
  expect(isMet(figure)).toBe(met);
});

it('a figure that was not measured is missed', () => {
  expect(isMet({ name: 'gateway.x', value: Number.NaN, goal: { atLeast: 0 } })).toBe(false);
});
