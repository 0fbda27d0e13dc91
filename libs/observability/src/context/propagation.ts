import { type Context, context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { currentRequest, type RequestContext, withRequest } from './request-context.ts';

/** Text carrier of a transport: HTTP headers, gRPC metadata as strings, message headers. Names are lower case. */
export type Carrier = Record<string, string | string[] | undefined>;

/** Milliseconds that the caller still waits, relative because clocks differ (like grpc-timeout). */
export const TIMEOUT_HEADER = 'x-request-timeout-ms';
export const LANE_HEADER = 'x-lane';

/**
 * The one place where a request's context goes onto a wire. The principal is left out: who someone is travels
 * only as a token that the receiver verifies.
 */
export function inject(carrier: Carrier, active: Context = context.active(), nowMs: number = Date.now()): Carrier {
  propagation.inject(active, carrier);
  const { deadlineAtMs, lane } = currentRequest(active);
  if (deadlineAtMs !== undefined) carrier[TIMEOUT_HEADER] = String(Math.max(0, Math.ceil(deadlineAtMs - nowMs)));
  if (lane !== undefined) carrier[LANE_HEADER] = lane;
  return carrier;
}

/** The one place where a request's context comes off a wire. Values that do not parse are ignored. */
export function extract(carrier: Carrier, nowMs: number = Date.now()): Context {
  const traced = propagation.extract(ROOT_CONTEXT, carrier);
  const request: RequestContext = {};
  const timeout = single(carrier[TIMEOUT_HEADER]);
  if (timeout !== undefined && /^\d{1,9}$/.test(timeout)) request.deadlineAtMs = nowMs + Number(timeout);
  const lane = single(carrier[LANE_HEADER]);
  if (lane !== undefined && /^[a-z0-9-]{1,63}$/.test(lane)) request.lane = lane;
  return withRequest(request, traced);
}

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);
