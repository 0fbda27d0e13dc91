import { randomFillSync } from 'node:crypto';

const pool = Buffer.allocUnsafe(4_096);
let used = pool.length;

/** Random bytes as hexadecimal text; the generator is asked once for many. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const text = pool.toString('hex', used, used + bytes);
  used += bytes;
  return text;
}

/** A new W3C traceparent, sampled. */
export const newTraceparent = (): string => `00-${randomHex(16)}-${randomHex(8)}-01`;

/** The trace id inside a traceparent. */
export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);
