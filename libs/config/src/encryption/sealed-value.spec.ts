import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KeyRing, readKeyRing } from './key-ring.ts';
import { MASK, masked, openSealed, openTree, seal, sealOf } from './sealed-value.ts';

const keyText = () => randomBytes(32).toString('base64');
const one = `one=${keyText()}`;
const ringOf = (text: string): KeyRing => readKeyRing({ CONFIG_KEYS: text }) as KeyRing;
const ring = ringOf(one);
const origin = { namespace: 'default', group: 'default', service: 'orders', path: 'db.password' };
const anywhere = () => true;

describe('an encrypted value', () => {
  it('is read again as what it was', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('密钥', '🔑', '\0'), fc.integer(), fc.boolean()), (value) => {
        expect(openSealed(ring, seal(ring, origin, value), anywhere)).toBe(value);
      }),
      { numRuns: 100 },
    );
  });

  it('is another text each time, says nothing of the value, and names its key and its place', () => {
    const [first, second] = [seal(ring, origin, 'secret'), seal(ring, origin, 'secret')];
    expect(first).not.toBe(second);
    expect(first + Buffer.from(first, 'base64url').toString('latin1')).not.toContain('secret');
    expect(sealOf(first)).toEqual({ keyId: 'one', origin });
  });

  it('is refused when any character of it was changed', () => {
    const text = seal(ring, origin, 'secret');
    for (let at = '{cipher}'.length; at < text.length; at += 1) {
      const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
      expect(() => openSealed(ring, changed, anywhere), changed).toThrow();
    }
    expect(() => openSealed(ring, text.slice(0, -4), anywhere)).toThrow();
  });

  it('is worth nothing at another place, also when its name is rewritten', () => {
    const text = seal(ring, origin, 'secret');
    const elsewhere = seal(ring, { ...origin, path: 'motd' }, 'hello');
    const [head, , body] = text.split('.');
    const swapped = [head, elsewhere.split('.')[1], body].join('.');
    expect(() => openSealed(ring, swapped, anywhere)).toThrow(/changed/);
    expect(() => openSealed(ring, text, ({ path }) => path === 'motd')).toThrow(/another place/);
  });

  it('of an old key is read while the ring has it, and not by another key of the same id', () => {
    const text = seal(ring, origin, 'secret');
    const rotated = ringOf(`two=${keyText()},${one}`);
    expect(openSealed(rotated, text, anywhere)).toBe('secret');
    expect(sealOf(seal(rotated, origin, 'x'))?.keyId).toBe('two');
    expect(() => openSealed(ringOf(`two=${keyText()}`), text, anywhere)).toThrow(/the key "one"/);
    expect(() => openSealed(ringOf(`one=${keyText()}`), text, anywhere)).toThrow(/changed/);
  });

  it('is found in trees, also inside of a longer text, and masked wherever it stands', () => {
    const text = seal(ring, origin, 's3');
    const tree = { db: { password: text, url: `pg://u:${text}@h` }, list: [text, 1] };
    expect(openTree(ring, tree, anywhere)).toEqual({ db: { password: 's3', url: 'pg://u:s3@h' }, list: ['s3', 1] });
    expect(masked(`a: '${text}'`)).toBe(`a: '${MASK}'`);
    expect(masked('{cipher}broken.')).toBe(MASK);
  });
});

describe('a key ring', () => {
  it('comes from the environment or from nowhere: there is no default key', () => {
    expect(readKeyRing({})).toBeUndefined();
  });

  it.each(['x', 'one=', 'one=c2hvcnQ=', `${one},${one}`, `one two=${keyText()}`])(
    'that is wrong is refused without a word of the key (%#)',
    (text) => {
      expect(() => readKeyRing({ CONFIG_KEYS: text })).toThrow(/CONFIG_KEYS/);
      try {
        readKeyRing({ CONFIG_KEYS: text });
      } catch (error) {
        expect(String(error)).not.toContain(text.split('=').at(1) || 'never');
      }
    },
  );
});
