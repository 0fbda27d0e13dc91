import { expect, it } from 'vitest';
import { Resources } from '../resource/resources.ts';
import { hystrixEvents } from './hystrix-events.ts';

/** The dashboard of Hystrix 1.5 drops a command in which one of these is missing (its hystrixCommand.js). */
const ASKED_FOR = [
  'reportingHosts',
  'type',
  'name',
  'group',
  'isCircuitBreakerOpen',
  'errorPercentage',
  'errorCount',
  'requestCount',
  'rollingCountCollapsedRequests',
  'rollingCountExceptionsThrown',
  'rollingCountFailure',
  'rollingCountFallbackFailure',
  'rollingCountFallbackRejection',
  'rollingCountFallbackSuccess',
  'rollingCountResponsesFromCache',
  'rollingCountSemaphoreRejected',
  'rollingCountShortCircuited',
  'rollingCountSuccess',
  'rollingCountThreadPoolRejected',
  'rollingCountTimeout',
  'rollingCountBadRequests',
  'currentConcurrentExecutionCount',
  'latencyExecute_mean',
  'latencyExecute',
  'latencyTotal_mean',
  'latencyTotal',
  'propertyValue_circuitBreakerRequestVolumeThreshold',
  'propertyValue_circuitBreakerSleepWindowInMilliseconds',
  'propertyValue_circuitBreakerErrorThresholdPercentage',
  'propertyValue_circuitBreakerForceOpen',
  'propertyValue_executionIsolationStrategy',
  'propertyValue_executionIsolationThreadTimeoutInMilliseconds',
  'propertyValue_executionIsolationThreadInterruptOnTimeout',
  'propertyValue_executionIsolationSemaphoreMaxConcurrentRequests',
  'propertyValue_fallbackIsolationSemaphoreMaxConcurrentRequests',
  'propertyValue_requestCacheEnabled',
  'propertyValue_requestLogEnabled',
  'propertyValue_metricsRollingStatisticalWindowInMilliseconds',
];

it('a command of a hystrix.stream has all that the dashboard asks for, and the percentiles that it shows', async () => {
  const resources = new Resources();
  await resources.run('films', async () => 1);
  const [event] = hystrixEvents(resources, 'catalog');
  expect(ASKED_FOR.filter((field) => event?.[field] === undefined || event[field] === null)).toEqual([]);
  expect(Object.keys(event?.latencyTotal ?? {})).toEqual(expect.arrayContaining(['50', '90', '99', '99.5']));
});
