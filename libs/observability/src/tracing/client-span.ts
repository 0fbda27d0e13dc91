import { type Attributes, context, SpanKind, trace } from '@opentelemetry/api';
import { spansLeave } from '../context/tracing.ts';
import { RookeryError } from '../errors/rookery-error.ts';
import { endSpan } from './server-span.ts';

/** Runs a call to another process as a span below the current one, which goes with it; just runs it where no spans leave. */
export async function withClientSpan<T>(name: string, attributes: Attributes, call: () => Promise<T>): Promise<T> {
  if (!spansLeave()) return call();
  const span = trace.getTracer('rookery').startSpan(name, { kind: SpanKind.CLIENT, attributes });
  try {
    const result = await context.with(trace.setSpan(context.active(), span), call);
    endSpan(span);
    return result;
  } catch (error) {
    const code = error instanceof RookeryError ? error.code : error instanceof Error ? error.name : 'unknown';
    span.setAttribute('error.type', code);
    endSpan(span, code);
    throw error;
  }
}
