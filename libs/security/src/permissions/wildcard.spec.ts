import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { implies, isPermission } from './wildcard.ts';

const name = fc.stringMatching(/^[a-z]{1,5}$/);
const part = fc.oneof(
  fc.constant('*'),
  fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join(',')),
);
const permission = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(':'));

describe('a permission', () => {
  it.each([
    ['order:create', 'order:create', true],
    ['order:create', 'order:show', false],
    ['order:*', 'order:create', true],
    ['order', 'order:create', true],
    ['*', 'order:create:7', true],
    ['order:create,show', 'order:show', true],
    ['order:create', 'order:create,show', false],
    ['order:create,show,list', 'order:show,create', true],
    ['order:*:7', 'order:create:7', true],
    ['order:*:7', 'order:create:8', false],
    ['order:*:7', 'order:create', false],
    ['order:create:*', 'order:create', true],
    ['order:create', 'order', false],
    ['order:create', 'order:*', false],
    ['ORDER:Create', 'order:create', true],
    ['', 'order', false],
    [':', 'order', false],
    ['order::create', 'order:create', false],
    ['*:', '*', false],
    ['ord*', 'order', false],
    ['*', '', false],
  ])('%j grants %j: %j', (granted, required, expected) => {
    expect(implies(granted, required)).toBe(expected);
  });

  it('grants itself, and everything below it', () => {
    fc.assert(
      fc.property(permission, permission, (one, below) => {
        expect(implies(one, one)).toBe(true);
        expect(implies(one, `${one}:${below}`)).toBe(true);
      }),
    );
  });

  it('passes on: what is granted by what is granted is granted', () => {
    fc.assert(
      fc.property(permission, permission, permission, (a, b, c) => {
        fc.pre(implies(a, b) && implies(b, c));
        expect(implies(a, c)).toBe(true);
      }),
    );
  });

  it('* grants every permission, and nothing else does so for all', () => {
    fc.assert(fc.property(permission, (one) => implies('*', one)));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (names) => {
        expect(implies(names.join(':'), '*')).toBe(false);
      }),
    );
  });

  it('never throws, and refuses what is none', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (granted, required) => {
        if (implies(granted, required)) expect(isPermission(granted) && isPermission(required)).toBe(true);
      }),
    );
  });
});
