import { errors } from '../errors.ts';

export const LIMIT_BYTES = 256 * 1024;
const LIMIT_DEPTH = 32;

/** Refuses what cannot be kept as it came: too much of it, too deep, or values that JSON in Postgres does not know. */
export function checkSettings(settings: Record<string, unknown>, textBytes = 0): void {
  checkValue(settings, []);
  const sizeBytes = Math.max(textBytes, Buffer.byteLength(JSON.stringify(settings)));
  if (sizeBytes > LIMIT_BYTES) throw errors.tooLarge(sizeBytes, LIMIT_BYTES);
}

function checkValue(value: unknown, path: readonly string[]): void {
  const where = path.join('.') || 'the top';
  if (path.length > LIMIT_DEPTH) throw errors.notSettings(where, `at most ${LIMIT_DEPTH} levels`, 'more');
  if (typeof value === 'string') checkText(value, where);
  if (typeof value === 'number' && !Number.isFinite(value))
    throw errors.notSettings(where, 'a finite number', 'another');
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    checkText(key, where);
    if (key === '__proto__') throw errors.notSettings(where, 'keys other than __proto__', '__proto__');
    checkValue(inner, [...path, key]);
  }
}

/** Refuses text that Postgres cannot keep. */
export function checkText(text: string, where: string): void {
  if (text.includes('\0') || !text.isWellFormed())
    throw errors.notSettings(where, 'Unicode text without NUL', 'other text');
}
