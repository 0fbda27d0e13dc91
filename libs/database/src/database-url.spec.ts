import { describe, expect, it } from 'vitest';
import { addressOf, databaseUrl } from './database-url.ts';

describe('DATABASE_URL', () => {
  it.each([
    ['', 'is not set'],
    ['somewhere', 'is not a URL'],
    ['mysql://localhost/orders', 'has the scheme mysql://'],
    ['postgres://localhost', 'names no database'],
  ])('%j stops the start with one sentence that names it', (value, what) => {
    expect(() => databaseUrl(value)).toThrow(
      `DATABASE_URL ${what}; expected postgres://user:password@host:port/database.`,
    );
  });

  it('shows where the database is without its password', () => {
    expect(addressOf(databaseUrl('postgres://rookery:secret@127.0.0.1/orders'))).toBe('127.0.0.1:5432/orders');
  });
});
