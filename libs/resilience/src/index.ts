export { Bulkhead, type BulkheadOptions } from './bulkhead.ts';
export {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitState,
  isDependencyFailure,
} from './circuit-breaker.ts';
export type { Clock, Random } from './clock.ts';
export { AdaptiveLimit, type AdaptiveLimitOptions, type CallEnd, type Permit } from './concurrency/adaptive-limit.ts';
export { PassiveBreaker, type PassiveBreakerOptions } from './passive-breaker.ts';
export { type Policy, type PolicyOptions, policy } from './policy.ts';
export {
  type ClusterDecision,
  ClusterRateLimiter,
  type ClusterRateLimiterOptions,
  type RateStore,
} from './rate-limit/cluster-rate-limiter.ts';
export type { RateDecision, RateLimit } from './rate-limit/gcra.ts';
export { LocalRateLimiter, type LocalRateLimiterOptions } from './rate-limit/local-rate-limiter.ts';
export { openRateStore, type RateStoreOptions } from './rate-limit/open-rate-store.ts';
export { Resilient, type ResilientOptions } from './resilient.ts';
export { isTransient, type RetryContext, type RetryPolicy, retry } from './retry.ts';
export { RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';
export { type TimeoutOptions, timeout } from './timeout.ts';
