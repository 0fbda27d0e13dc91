import { expect, it } from 'vitest';
import { parseSettings } from '../settings.ts';

const refusalOf = (...filters: unknown[]): string => {
  try {
    parseSettings({ routes: [{ id: 'films', path: '/films/**', service: 'catalog', filters }] });
  } catch (error) {
    return (error as Error).message;
  }
  return 'taken';
};

it('a filter that there is not is refused with those that there are', () => {
  expect(refusalOf({ name: 'StripPrefix', parts: 1 })).toMatch(
    /routes\.0\.filters\.0\.name: expected one of .*strip-prefix/,
  );
});

it('a setting that a filter does not have is refused with those that it has', () => {
  const reason = refusalOf({ name: 'strip-prefix', segments: 1, parts: 1 });
  expect(reason).toContain('routes.0.filters.0: strip-prefix takes segments');
  expect(refusalOf({ name: 'fault', abort: { status: 503 }, dealy: { ms: 1 } })).toContain(
    'fault takes header, delay, abort',
  );
});
