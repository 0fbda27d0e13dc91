import { randomBytes } from 'node:crypto';

const POOL_BYTES = 4_096;
let pool = '';
let used = 2 * POOL_BYTES;

/** Random bytes as hexadecimal text; the generator is asked once for many. */
function randomHex(bytes: number): string {
  if (used + 2 * bytes > pool.length) {
    pool = randomBytes(POOL_BYTES).toString('hex');
    used = 0;
  }
  const text = pool.slice(used, used + 2 * bytes);
  used += 2 * bytes;
  return text;
}

/** A new W3C traceparent, sampled. */
export const newTraceparent = (): string => `00-${randomHex(16)}-${randomHex(8)}-01`;

/** The trace id inside a traceparent. */
export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);
