import { type Context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type Carrier, extract } from '../context/propagation.ts';

/** What a server does with one request: the context to run it in, and the span to end with it. */
export interface ServerSpan {
  readonly context: Context;
  readonly traceId: string;
  readonly span: Span;
}

/** Takes the caller's context off the carrier, unless the transport has done so, and starts this side's span in it. */
export function startServerSpan(
  carrier: Carrier,
  name: string,
  kind: SpanKind = SpanKind.SERVER,
  parent: Context = extract(carrier),
): ServerSpan {
  const span = trace.getTracer('rookery').startSpan(name, { kind }, parent);
  return { context: trace.setSpan(parent, span), traceId: span.spanContext().traceId, span };
}

/** Ends a span; one that failed on our side says so. */
export function endSpan(span: Span, failure?: string): void {
  if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
  span.end();
}

/** A span's identity as the W3C `traceparent` header writes it. */
export function traceparent(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The caller's request id where it has a sane one, else the trace id: what people quote when they ask what happened. */
export function requestIdOf(carrier: Carrier, traceId: string): string {
  const given = carrier['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : traceId;
}
