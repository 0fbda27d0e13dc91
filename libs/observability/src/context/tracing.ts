import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { TracerProvider, type TracerProviderOptions } from '@opentelemetry/sdk-trace';
import { carryBy } from './request-context.ts';

let installed = false;
let exported = false;

/** Installs context, propagation (W3C trace context and baggage) and a tracer, once a process. */
export function startTracing(): void {
  startTracingWith({});
}

/** As {@link startTracing}; `options` say what becomes of the spans, see {@link SpanExport}. */
export function startTracingWith(options: TracerProviderOptions): void {
  if (installed) return;
  installed = true;
  const manager = new AsyncLocalStorageContextManager().enable();
  if (context.setGlobalContextManager(manager)) carryBy(manager);
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
  trace.setGlobalTracerProvider(new TracerProvider(options));
  exported = (options.spanProcessors?.length ?? 0) > 0;
}

/** Whether somebody takes this process's spans: those that are only for him need not be made otherwise. */
export const spansLeave = (): boolean => exported;
