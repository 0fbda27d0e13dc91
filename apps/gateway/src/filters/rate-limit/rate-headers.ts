import type { RateDecision, RateLimit } from '@rookery/resilience';
import type { Call } from '../filter.ts';

const seconds = (ms: number): number => Math.ceil(ms / 1_000);

/** `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers): so many calls in the time in which they come back. */
export const policyHeader = (name: string, { perSecond, burst }: RateLimit): string =>
  `"${name}";q=${Math.floor(burst)};w=${Math.max(1, Math.ceil(burst / perSecond))}`;

/** `RateLimit`: what is left, and when there is more. */
export const limitHeader = (name: string, { remaining, fullAfterMs, retryAfterMs }: RateDecision): string =>
  `"${name}";r=${remaining};t=${seconds(remaining === 0 ? retryAfterMs : fullAfterMs)}`;

/** Adds both to a response; several limits stand in one header. */
export function addRateHeaders(call: Call, policy: string, limit: string): void {
  for (const [name, value] of [
    ['ratelimit-policy', policy],
    ['ratelimit', limit],
  ] as const) {
    const before = call.responseHeader(name);
    call.setResponseHeader(name, before === undefined ? value : `${before}, ${value}`);
  }
}
