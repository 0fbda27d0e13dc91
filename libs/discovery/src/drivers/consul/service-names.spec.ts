import { describe, expect, it } from 'vitest';
import { ServiceNames } from './service-names.ts';

/** The names as they are told, with these services well. */
function names(well: string[], failures = 0) {
  const told: string[] = [];
  const asked: string[] = [];
  let left = failures;
  const isWell = async (name: string): Promise<boolean> => {
    asked.push(name);
    if (left-- > 0) throw new Error('away');
    return well.includes(name);
  };
  return { told, asked, names: new ServiceNames(isWell, (value) => told.push(value.join())) };
}

describe('names of services', () => {
  it('are told without a question where all have checks', () => {
    const { names: it, told, asked } = names([]);
    it.catalogue(['a', 'b']);
    it.checks({ well: ['a'], checked: ['a', 'b'] });
    expect([told, asked]).toEqual([['a'], []]);
  });

  it('hold one without a check once it was found well, until it leaves or a check speaks of it', async () => {
    const { names: it, told } = names(['free', 'b']);
    it.checks({ well: ['a'], checked: ['a'] });
    it.catalogue(['a', 'down', 'free', 'b']);
    await expect.poll(() => told.at(-1)).toBe('a,b,free');
    it.checks({ well: ['a'], checked: ['a', 'b'] });
    expect(told.at(-1)).toBe('a,free');
    it.catalogue(['a', 'b', 'down']);
    expect(told.at(-1)).toBe('a');
    it.close();
  });

  it('do not hold one whose check went a moment before itself', async () => {
    const { names: it, told, asked } = names([]);
    it.catalogue(['a', 'ill']);
    it.checks({ well: ['a'], checked: ['a', 'ill'] });
    it.checks({ well: ['a'], checked: ['a'] });
    await expect.poll(() => asked).toEqual(['ill']);
    it.catalogue(['a']);
    expect(new Set(told)).toEqual(new Set(['a']));
  });

  it('are asked for again where the registry was away', async () => {
    const { names: it, told } = names(['free'], 2);
    it.checks({ well: [], checked: [] });
    it.catalogue(['free']);
    await expect.poll(() => told.at(-1), { timeout: 5_000 }).toBe('free');
    it.close();
  });
});
