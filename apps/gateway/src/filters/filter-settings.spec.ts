import { expect, it } from 'vitest';
import { parseSettings } from '../testing/parse-settings.ts';

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

it.each<[string, unknown, string]>([
  ['a setting that a filter does not have', { name: 'strip-prefix', parts: 1 }, ': expected one of name, segments'],
  ['one inside of another', { name: 'fault', abort: { stauts: 1 } }, '.abort: expected one of status, percent'],
  ['one of a filter whose settings must fit together', { name: 'cors', origin: 'x' }, ': expected one of name, '],
  ['a filter that is only named', 'strip-prefix', ': expected a filter like { "name": "auth" }'],
  ['a filter without a name', { segments: 1 }, '.name: '],
])('%s is refused with what there is', (_, filter, reason) => {
  expect(refusalOf(filter)).toContain(`routes.0.filters.0${reason}`);
});

it('a field that a route or the settings do not have is refused with those that they have', () => {
  const route = { id: 'films', path: '/films/**', service: 'catalog' };
  const refusal = (settings: object) => {
    try {
      parseSettings(settings);
    } catch (error) {
      return (error as Error).message;
    }
    return 'taken';
  };
  expect(refusal({ routes: [{ ...route, timeout: 1 }] })).toMatch(/routes\.0: expected one of id, path, .*timeoutMs/);
  expect(refusal({ routes: [{ ...route, when: { host: 'a' } }] })).toMatch(/routes\.0\.when: expected one of hosts, /);
  expect(refusal({ route: [] })).toMatch(/settings: expected one of routes, /);
});
