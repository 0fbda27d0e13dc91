import { expect, it } from 'vitest';
import { hashPassword, isPassword } from './password.ts';
import { SignInThrottle } from './sign-in-throttle.ts';

it('a name with ten wrong passwords waits five minutes, others do not', () => {
  let nowMs = 0;
  const throttle = new SignInThrottle(() => nowMs);
  for (let tries = 0; tries < 10; tries++) {
    expect(throttle.allows('ada')).toBe(true);
    throttle.failed('ada');
  }
  expect([throttle.allows('ada'), throttle.allows('bob')]).toEqual([false, true]);
  nowMs = 5 * 60_000;
  expect(throttle.allows('ada')).toBe(true);
  throttle.succeeded('ada');
  throttle.failed('ada');
  expect(throttle.allows('ada')).toBe(true);
});

it('a password is known by its hash, which differs each time', async () => {
  const [one, other] = await Promise.all([hashPassword('pässword'), hashPassword('pässword')]);
  expect(one).not.toBe(other);
  expect(await isPassword('pässword'.normalize('NFD'), one)).toBe(true);
  expect(await isPassword('password', one)).toBe(false);
  expect(await isPassword('', 'plain$text')).toBe(false);
});
