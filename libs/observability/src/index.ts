export { type Carrier, extract, inject, LANE_HEADER, TIMEOUT_HEADER } from './context/propagation.ts';
export {
  currentRequest,
  currentTraceId,
  type Principal,
  type RequestContext,
  remainingMs,
  runWithRequest,
  withRequest,
} from './context/request-context.ts';
export { startTracing, startTracingWith } from './context/tracing.ts';
export { PROBLEM_MEDIA_TYPE, type Problem, problemHeaders, toProblem } from './errors/problem.ts';
export { RookeryError, type RookeryErrorOptions } from './errors/rookery-error.ts';
export { GrpcStatus, toGrpcStatus, toHttpStatus } from './errors/status.ts';
export { type CheckResult, Health, type HealthReport } from './health/health.ts';
export { createLogger, type Logger, type LoggerOptions } from './logging/logger.ts';
export { Metrics } from './metrics/metrics.ts';
export { RedMetrics, type ServedRequest } from './metrics/red-metrics.ts';
export { NestLogger } from './nest/nest-logger.ts';
export { LOGGER, ObservabilityModule, type ObservabilityOptions } from './nest/observability.module.ts';
export { ServiceIdentity } from './nest/service-identity.ts';
export { RunningSet, type Runs } from './running/running-set.ts';
export { within } from './running/within.ts';
export { onWaiting, reportWaiting, type Waiting } from './startup/waiting.ts';
export { withClientSpan } from './tracing/client-span.ts';
export type { FinishedSpan } from './tracing/finished-span.ts';
export { endSpan, requestIdOf, type ServerSpan, startServerSpan, traceparent } from './tracing/server-span.ts';
export { SpanExport } from './tracing/span-export.ts';
