import { describe, expect, test } from 'vitest';
import { LastError } from './last-error.ts';

const of = (...lines: string[]) => {
  const last = new LastError();
  for (const line of lines) last.add(line);
  return last.text;
};

describe('the line that says why a process ended', () => {
  test('is the message of an uncaught error, not its stack', () => {
    const text = of(
      'file:///w/main.js:3',
      "  throw new TypeError('x is not a function');",
      '  ^',
      '',
      'TypeError: x is not a function',
      '    at file:///w/main.js:3:9',
      '',
      'Node.js v24.21.0',
    );
    expect(text).toBe('TypeError: x is not a function');
  });

  test('is the error of a log line', () => {
    expect(
      of(
        JSON.stringify({ level: 50, event: 'start.failed', error: { message: 'DATABASE_URL is not set' } }),
        JSON.stringify({ level: 30, event: 'stopped' }),
      ),
    ).toBe('DATABASE_URL is not set');
    expect(of(JSON.stringify({ level: 60, event: 'Port 1 is taken' }))).toBe('Port 1 is taken');
  });

  test('is the last plain line where nothing looks like an error', () => {
    expect(of('starting', 'segmentation fault', '')).toBe('segmentation fault');
    expect(of()).toBeUndefined();
  });

  test('is found among many lines without keeping them all', () => {
    expect(of(...Array.from({ length: 1_000 }, (_, at) => `line ${at}`))).toBe('line 999');
  });
});
