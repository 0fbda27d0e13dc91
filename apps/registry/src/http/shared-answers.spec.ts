import { expect, it } from 'vitest';
import { SharedAnswers } from './shared-answers.ts';

it('an answer is made once for each index of a query, and old ones are forgotten', () => {
  const answers = new SharedAnswers();
  let made = 0;
  const of = (query: string, index: number) => answers.of(query, index, () => ({ query, made: ++made })).toString();
  expect([of('a', 1), of('a', 1), of('b', 1)]).toEqual([
    '{"query":"a","made":1}',
    '{"query":"a","made":1}',
    '{"query":"b","made":2}',
  ]);
  expect(of('a', 2)).toBe('{"query":"a","made":3}');
  for (let at = 0; at < 64; at++) of(`other ${at}`, 1);
  expect(of('a', 2)).toBe('{"query":"a","made":68}');
});
