import type { FinishedSpan, SpanExport } from '@rookery/observability';
import type { Arrival } from '../request/arrival.ts';
import type { Outcome } from './request-reports.ts';
import { childOf, spanIdOf } from './trace.ts';

/** One request to an instance. */
export interface TrySpan {
  /** What the instance gets: its own span is below this one. */
  readonly traceparent: string;
  /** Once; `status` is 0 where no response began, `failed` where that speaks against the instance. */
  end(status: number, failed: boolean): void;
}

/** Whom a try asks. */
export interface Asked {
  readonly service: string;
  readonly instance: { readonly id: string; readonly address: string; readonly port: number };
  /** From 1. */
  readonly nth: number;
}

/** Spans of the gateway, made by hand from what the data path knows anyway; there is none of this where nobody wants spans. */
export class RequestSpans {
  readonly #out: Pick<SpanExport, 'add'>;

  constructor(out: Pick<SpanExport, 'add'>) {
    this.#out = out;
  }

  /** Undefined where the trace is not kept. */
  beginTry({ traceparent: parent, traceId, method }: Arrival, { service, instance, nth }: Asked): TrySpan | undefined {
    if (!isSampled(parent)) return undefined;
    const traceparent = childOf(parent);
    const startedAtMs = performance.now();
    const end = (status: number, failed: boolean) =>
      this.#add({
        name: `${method} ${service}`,
        kind: 'client',
        traceId,
        spanId: spanIdOf(traceparent),
        parentSpanId: spanIdOf(parent),
        startedAtMs,
        attributes: {
          'http.request.method': method,
          'server.address': instance.address,
          'server.port': instance.port,
          'peer.service': service,
          'rookery.instance': instance.id,
          ...(status > 0 && { 'http.response.status_code': status }),
          ...(nth > 1 && { 'http.request.resend_count': nth - 1 }),
        },
        failure: failed
          ? status > 0
            ? 'the response broke off'
            : 'no response'
          : status >= 500
            ? `${status}`
            : undefined,
      });
    return { traceparent, end };
  }

  /** A request is over. */
  ended(arrival: Arrival, route: string, { status, code, service, tries, refusedBy }: Outcome): void {
    const { traceparent, parentSpanId, traceId, method, startedAtMs } = arrival;
    if (!isSampled(traceparent)) return;
    this.#add({
      name: `${method} ${route}`,
      kind: 'server',
      traceId,
      spanId: spanIdOf(traceparent),
      parentSpanId,
      parentIsRemote: true,
      startedAtMs,
      attributes: {
        'http.request.method': method,
        'url.path': arrival.path,
        'url.scheme': arrival.forwardedProto,
        'client.address': arrival.clientAddress,
        'http.route': route,
        'http.response.status_code': status,
        'rookery.service': service,
        'rookery.tries': tries,
        'rookery.request_id': arrival.requestId,
        ...(code !== undefined && { 'error.type': code }),
        ...(refusedBy !== undefined && { 'rookery.refused_by': refusedBy }),
      },
      // What the client did wrong is no failure of the server (OpenTelemetry's HTTP conventions).
      failure: status >= 500 ? (code ?? `${status}`) : undefined,
    });
  }

  #add(span: Omit<FinishedSpan, 'endedAtMs'>): void {
    const { timeOrigin } = performance;
    const endedAtMs = timeOrigin + performance.now();
    this.#out.add({ ...span, startedAtMs: timeOrigin + span.startedAtMs, endedAtMs });
  }
}

/** The last digit of a traceparent is odd where its trace is kept. */
const isSampled = (traceparent: string): boolean => (traceparent.charCodeAt(54) & 1) === 1;
