import type { Resources } from '../resource/resources.ts';
import { percentileMs } from './latencies.ts';
import { snapshotOf } from './snapshot.ts';

/** One command of a `hystrix.stream`, as the Hystrix and Turbine dashboards read it. */
export type HystrixEvent = Readonly<Record<string, unknown>> & {
  readonly type: 'HystrixCommand';
  readonly name: string;
};

const PERCENTILES = ['0', '25', '50', '75', '90', '95', '99', '99.5', '100'] as const;

/**
 * All resources as events of a `hystrix.stream`: write each as `data: <json>` and a blank line, every half second. What the
 * rules refuse are rejections of a semaphore there, what an open circuit refuses are short circuits.
 */
export function hystrixEvents(resources: Resources, group: string): HystrixEvent[] {
  const nowMs = resources.now();
  return resources.all.map((resource) => {
    const seen = snapshotOf(resource, nowMs);
    const { latencies } = resource.measures.totals(nowMs);
    const latency = Object.fromEntries(
      PERCENTILES.map((percentile) => [percentile, Math.round(percentileMs(latencies, Number(percentile) / 100))]),
    );
    const meanMs = Math.round(seen.meanMs);
    const errors = seen.failed + seen.timedOut + seen.refused + seen.shortCircuited;
    const requests = errors + seen.succeeded;
    return {
      type: 'HystrixCommand',
      name: seen.resource,
      group,
      currentTime: nowMs,
      isCircuitBreakerOpen: seen.circuit === 'open',
      errorPercentage: requests === 0 ? 0 : Math.round((errors * 100) / requests),
      errorCount: errors,
      requestCount: requests,
      rollingCountBadRequests: 0,
      rollingCountCollapsedRequests: 0,
      rollingCountEmit: 0,
      rollingCountExceptionsThrown: seen.failed + seen.timedOut,
      rollingCountFailure: seen.failed,
      rollingCountFallbackEmit: 0,
      rollingCountFallbackFailure: 0,
      rollingCountFallbackMissing: 0,
      rollingCountFallbackRejection: 0,
      rollingCountFallbackSuccess: 0,
      rollingCountResponsesFromCache: 0,
      rollingCountSemaphoreRejected: seen.refused,
      rollingCountShortCircuited: seen.shortCircuited,
      rollingCountSuccess: seen.succeeded,
      rollingCountThreadPoolRejected: 0,
      rollingCountTimeout: seen.timedOut,
      currentConcurrentExecutionCount: seen.running,
      rollingMaxConcurrentExecutionCount: seen.running,
      latencyExecute_mean: meanMs,
      latencyExecute: latency,
      latencyTotal_mean: meanMs,
      latencyTotal: latency,
      propertyValue_circuitBreakerRequestVolumeThreshold: 0,
      propertyValue_circuitBreakerSleepWindowInMilliseconds: 0,
      propertyValue_circuitBreakerErrorThresholdPercentage: 0,
      propertyValue_circuitBreakerForceOpen: false,
      propertyValue_circuitBreakerForceClosed: false,
      propertyValue_circuitBreakerEnabled: true,
      propertyValue_executionIsolationStrategy: 'SEMAPHORE',
      propertyValue_executionIsolationThreadTimeoutInMilliseconds: 0,
      propertyValue_executionTimeoutInMilliseconds: 0,
      propertyValue_executionIsolationThreadInterruptOnTimeout: true,
      propertyValue_executionIsolationThreadPoolKeyOverride: null,
      propertyValue_executionIsolationSemaphoreMaxConcurrentRequests: 0,
      propertyValue_fallbackIsolationSemaphoreMaxConcurrentRequests: 0,
      propertyValue_metricsRollingStatisticalWindowInMilliseconds: seen.seconds * 1_000,
      propertyValue_requestCacheEnabled: false,
      propertyValue_requestLogEnabled: false,
      reportingHosts: 1,
      threadPool: group,
    };
  });
}
