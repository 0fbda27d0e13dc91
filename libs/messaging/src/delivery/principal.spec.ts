import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { principalOf } from './principal.ts';

const names = fc.array(fc.string(), { maxLength: 5 });

describe('the principal that a broker gave back', () => {
  it('is the one that was sent', () => {
    const client = fc.option(fc.string(), { nil: undefined });
    fc.assert(
      fc.property(fc.string(), client, names, names, (subject, client, roles, permissions) => {
        const principal = { subject, ...(client !== undefined && { client }), roles, permissions };
        expect(principalOf(JSON.stringify(principal))).toEqual(principal);
      }),
    );
  });

  it.each([
    ['nothing', undefined],
    ['a number', 7],
    ['no JSON', '{'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no subject', '{"roles":[],"permissions":[]}'],
    ['roles as a text', '{"subject":"ada","roles":"admin","permissions":[]}'],
    ['permissions that are no texts', '{"subject":"ada","roles":[],"permissions":[{"toString":"*"}]}'],
  ])('is nobody where it is %s', (_, text) => {
    expect(principalOf(text)).toBeUndefined();
  });

  it('is never more than those fields', () => {
    const text = '{"subject":"ada","roles":[],"permissions":[],"accessToken":"x","__proto__":{"client":"y"}}';
    expect(principalOf(text)).toEqual({ subject: 'ada', roles: [], permissions: [] });
  });
});
