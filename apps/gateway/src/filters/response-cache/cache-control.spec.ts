import { expect, it } from 'vitest';
import { directivesOf, requestControl, responseControl } from './cache-control.ts';

const none = { staleWhileRevalidateSeconds: 0, staleIfErrorSeconds: 0 };

it('directives are read without regard to case, quotes and spaces', () => {
  expect([...directivesOf('Public,  max-age = 60, private="set-cookie, x", no-transform')]).toEqual([
    ['public', true],
    ['max-age', '60'],
    ['private', 'set-cookie, x'],
    ['no-transform', true],
  ]);
});

it.each([
  ['max-age=60, must-revalidate, stale-while-revalidate=9', 'max-age=60'],
  ['max-age=60, proxy-revalidate, stale-if-error=9', 'max-age=60'],
  ['max-age=60, stale-if-error=9', 'max-age=60, stale-if-error=9'],
])('of %j a fresh response is fresh, and a stale one as good as it says', (header, read) => {
  expect(responseControl(header, none)).toBe(read);
});

it('the defaults of a route stand where a response says nothing, and nowhere else', () => {
  const defaults = { staleWhileRevalidateSeconds: 5, staleIfErrorSeconds: 60 };
  expect(responseControl('max-age=1', defaults)).toBe('max-age=1, stale-while-revalidate=5, stale-if-error=60');
  expect(responseControl('max-age=1, stale-if-error=0', defaults)).toBe(
    'max-age=1, stale-if-error=0, stale-while-revalidate=5',
  );
  expect(responseControl('max-age=1, must-revalidate', defaults)).toBe('max-age=1');
});

it('that a client would take a stale response is not made use of', () => {
  expect(requestControl('max-stale=60, min-fresh=5')).toBe('min-fresh=5');
});
