import { describe, expect, test } from 'vitest';
import { parseLogs, parseOnly, parseScale } from './flags.ts';

describe('flags', () => {
  test('names are separated by commas', () => {
    expect(parseOnly('gateway, catalog,gateway')).toEqual(['gateway', 'catalog']);
    expect(() => parseOnly(' ,')).toThrow('--only takes names');
  });

  test('a scale is a name and a number of instances', () => {
    expect([...parseScale('catalog=2,config-center=3')]).toEqual([
      ['catalog', 2],
      ['config-center', 3],
    ]);
  });

  test.each(['catalog', 'catalog=', 'catalog=0', 'catalog=-1', 'catalog=two', 'catalog=21', '=2', ''])(
    '--scale %o is one sentence, and code 2',
    (text) => {
      expect(() => parseScale(text)).toThrow(
        expect.objectContaining({ exitCode: 2, message: expect.stringContaining('NAME=INSTANCES') }),
      );
    },
  );

  test('logs are json or pretty', () => {
    expect(parseLogs('json')).toBe('json');
    expect(() => parseLogs('xml')).toThrow('neither json nor pretty');
  });
});
