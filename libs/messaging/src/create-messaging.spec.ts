import { describe, expect, it } from 'vitest';
import { createMessaging } from './create-messaging.ts';

describe('MESSAGING_URL', () => {
  it.each([
    ['', 'is not set'],
    ['somewhere', 'is not a URL'],
    ['kafka://localhost', 'has the scheme kafka://'],
    ['postgres://localhost', 'names no database'],
  ])('%j stops the start with one sentence that names it', async (value, what) => {
    await expect(createMessaging(value)).rejects.toThrow(
      `MESSAGING_URL ${what}; expected postgres://user:password@host:port/database or amqp://user:password@host:port.`,
    );
  });
});
