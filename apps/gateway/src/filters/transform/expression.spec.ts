import { expect, it } from 'vitest';
import { compileExpression, toJson } from './expression.ts';

const of = (text: string, body: unknown) => toJson(compileExpression(text, ['request', 'body'])({ request: {}, body }));

it.each([
  ['{"id": body.id, "title": body.name.upperAscii()}', { id: 7, name: 'a' }, '{"id":7,"title":"A"}'],
  [
    'body.list.filter(x, x.open).map(x, x.id)',
    {
      list: [
        { id: 1, open: true },
        { id: 2, open: false },
      ],
    },
    '[1]',
  ],
  ['body.list.map(x, x.tags.map(t, t + "!"))', { list: [{ tags: ['a'] }] }, '[["a!"]]'],
  ['body.list.exists(x, x in ["a", "b"])', { list: ['b'] }, 'true'],
  ['body.?missing.orValue("none")', {}, '"none"'],
  ['size(body.list)', { list: [1, 2] }, '2'],
])('%s', (text, body, result) => {
  expect(of(text, body)).toBe(result);
});

it.each([
  ['body.name.matches("^(a+)+$")', /matches is not offered/],
  ['body.list.map(x, body.list.map(y, y))', /only what is in x/],
  ['body.list.filter(x, x in body.list)', /only what is in x/],
  ['body.list.map(x, x.items.map(y, x.items))', undefined],
  ['body.list.map(x, [body.list].map(z, z.map(y, y)))', /only what is in x/],
  ['body.list.map(x, x.items.filter(y, y.open).map(y, y.id))', undefined],
  ['body.list.filter(x, body.text.contains(x))', /only what is in x/],
  ['body.list.map(x, size(body.text))', /only what is in x/],
  ['body.list.map(x, body.text.upperAscii())', /only what is in x/],
  ['body.list.map(x, x.items.map(y, size(x.name)))', /only what is in y/],
  ['body.list.map(x, x.name.split(body.text))', /only what is in x/],
  ['body.list.filter(x, x.name.startsWith(body.prefix))', undefined],
  ['body.list.map(x, {"size": size(x.name), "shop": body.shop, "why": body.?why.orValue("")})', undefined],
  ['body.list.map(x, has(x.name) ? x.name.upperAscii() : string(1))', undefined],
  ['process.env', /process/],
  ['constructor', /constructor/],
  ['body.', /./],
  [`body${'.a'.repeat(600)}`, /./],
])('%s is refused, or not, before it runs', (text, reason) => {
  const compiling = () => compileExpression(text, ['request', 'body']);
  if (reason) expect(compiling).toThrow(reason);
  else expect(compiling).not.toThrow();
});

it.each(['body.constructor', 'body.__proto__', 'body.toString', 'body.list.constructor'])(
  '%s leads nowhere',
  (text) => {
    expect(() => of(text, { list: [] })).toThrow();
  },
);

it('a result that a long list would make very long is given up before it is made', () => {
  const body = { text: 'x'.repeat(200_000), list: Array.from({ length: 300_000 }, () => 1) };
  expect(() => of('body.list.map(x, body.text)', body)).toThrow(/longer than/);
  expect(of('body.text', body)).toHaveLength(200_002);
});
