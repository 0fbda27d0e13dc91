import type { Instance } from '@rookery/discovery';
import { RookeryError } from '@rookery/observability';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InstanceBreakers, speaksAgainstService } from './instance-breakers.ts';

const instance = (id: number): Instance => ({
  id: `i${id}`,
  service: 'films',
  address: '127.0.0.1',
  port: 1_000 + id,
  weight: 1,
  metadata: {},
});
const down = () => new RookeryError('DOWN', 'Down.', { status: 503 });

it('what one of several fails alone never counts against the service', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), fc.array(fc.boolean(), { maxLength: 60 }), (count, others) => {
      const all = Array.from({ length: count }, (_, id) => instance(id));
      const [ill, ...well] = all as [Instance, ...Instance[]];
      const breakers = new InstanceBreakers(() => 0);
      for (const [turn, succeeds] of others.entries()) {
        if (succeeds) breakers.succeeded(well[turn % well.length] as Instance);
        const error = down();
        breakers.failed(ill, error, all);
        expect(breakers.isServiceFailure(error)).toBe(false);
      }
    }),
  );
});

it.each([
  [1, 1, true],
  [1, 2, false],
  [2, 2, true],
  [1, 3, false],
  [2, 3, true],
  [2, 4, false],
])('%i failing of %i instances speak against the service: %s', (failing, instances, answer) => {
  expect(speaksAgainstService(failing, instances)).toBe(answer);
  const all = Array.from({ length: instances }, (_, id) => instance(id));
  const breakers = new InstanceBreakers(() => 0);
  const errors = all.slice(0, failing).map((each) => {
    const error = down();
    breakers.failed(each, error, all);
    return error;
  });
  expect(breakers.isServiceFailure(errors.at(-1))).toBe(answer);
});

it('a call that no instance took counts, a refusal of this call does not', () => {
  const breakers = new InstanceBreakers();
  expect(breakers.isServiceFailure(down())).toBe(true);
  expect(breakers.isServiceFailure(new RookeryError('NO', 'No.', { status: 404 }))).toBe(false);
});

it('an instance that fails is left alone, tried once after its time, and used again when that went well', () => {
  let nowMs = 0;
  const all = [instance(1), instance(2)];
  const [ill] = all as [Instance];
  const breakers = new InstanceBreakers(() => nowMs);
  const tried = new Set<string>();
  for (let each = 0; each < 5; each++) {
    expect(breakers.avoided(all, tried)).toBe(tried);
    breakers.failed(ill, down(), all);
  }
  expect([...breakers.avoided(all, new Set(['i2']))].sort()).toEqual(['i1', 'i2']);
  nowMs = 1_000;
  expect(breakers.avoided(all, tried).has('i1')).toBe(false);
  breakers.begins(ill);
  expect(breakers.avoided(all, tried).has('i1')).toBe(true);
  breakers.succeeded(ill);
  expect(breakers.avoided(all, tried).has('i1')).toBe(false);
});
