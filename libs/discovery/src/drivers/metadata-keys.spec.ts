import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metadataKeys } from './metadata-keys.ts';

const PLAIN = /^(?!zone$)[A-Za-z_][A-Za-z0-9_-]*$/;
const keys = metadataKeys(PLAIN);

/** Of all kinds, and such as stand close to what is ours. */
const anyKey = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }).filter((key) => key.isWellFormed()),
  fc.constantFrom('zone', 'rookery-id', 'rookery-key-em9uZQ', 'ROOKERY-x', '__proto__', '', 'größe 票', 'version'),
);

describe('keys of metadata', () => {
  it('come back as they were, and never stand for something else on the way', () => {
    fc.assert(
      fc.property(fc.dictionary(anyKey, fc.string(), { maxKeys: 8 }), (given) => {
        const metadata = { ...given, ['__proto__']: 'harmless' };
        const kept = keys.written(metadata);
        for (const key of Object.keys(kept))
          expect(key).toMatch(/^(?:rookery-key-[\w-]*|(?!rookery-|zone$)[A-Za-z_][\w-]*)$/);
        expect(keys.read(kept)).toEqual(metadata);
        expect(Object.keys(kept)).toHaveLength(Object.keys(metadata).length);
      }),
    );
  });

  it('stay readable where the engine takes them', () => {
    expect(keys.written({ version: '7', zone: 'a' })).toEqual({ version: '7', 'rookery-key-em9uZQ': 'a' });
  });

  it('of others are left alone, and an empty value is one', () => {
    expect(keys.read({ gRPC_port: '4', 'a b': 'c', nothing: null })).toEqual({
      gRPC_port: '4',
      'a b': 'c',
      nothing: '',
    });
  });
});
