import { expect, it } from 'vitest';
import { newStickyKey, stickyCookie, stickyKey } from './sticky.ts';

const reader = (headers: Record<string, string>) => (name: string) => headers[name];

it('the key of a call is in the header or the cookie that the settings name', () => {
  expect(stickyKey({ header: 'x-user' }, reader({ 'x-user': 'ada' }))).toBe('ada');
  expect(stickyKey({ header: 'x-user' }, reader({ cookie: 'x-user=ada' }))).toBeUndefined();
  const cookies = reader({ cookie: 'a=1; seat=there=here;seating=no; b' });
  expect(stickyKey({ cookie: 'seat' }, cookies)).toBe('there=here');
  expect(stickyKey({ cookie: 'eat' }, cookies)).toBeUndefined();
  expect(stickyKey({ cookie: 'seat' }, reader({}))).toBeUndefined();
  expect(stickyKey({ cookie: 'seat' }, reader({ cookie: 'seat=' }))).toBeUndefined();
});

it('a caller without one is given a cookie that brings it back', () => {
  const key = newStickyKey();
  expect(newStickyKey()).not.toBe(key);
  const cookie = stickyCookie({ cookie: 'seat', maxAgeMs: 1_500 }, key);
  expect(cookie).toBe(`seat=${key}; Path=/; HttpOnly; SameSite=Lax; Max-Age=2`);
  expect(stickyKey({ cookie: 'seat' }, reader({ cookie: cookie?.split(';')[0] ?? '' }))).toBe(key);
  expect(stickyCookie({ header: 'x-user' }, key)).toBeUndefined();
});
