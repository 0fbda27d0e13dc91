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

/** A new W3C traceparent; `sampled` says whether those who come after us shall keep what they see of it. */
export const newTraceparent = (sampled = true): string =>
  `00-${randomHex(16)}-${randomHex(8)}-${sampled ? '01' : '00'}`;

/** Our own span in the trace of who called us, sampled as he says. */
export const childOf = (traceparent: string): string =>
  `${traceparent.slice(0, 36)}${randomHex(8)}${traceparent.slice(52)}`;

/** The id of the span inside a traceparent. */
export const spanIdOf = (traceparent: string): string => traceparent.slice(36, 52);

/** The trace id inside a traceparent. */
export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);
