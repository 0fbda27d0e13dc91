export {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitState,
  isDependencyFailure,
} from './breaker/circuit-breaker.ts';
export { PassiveBreaker, type PassiveBreakerOptions } from './breaker/passive-breaker.ts';
export { Bulkhead, type BulkheadOptions } from './bulkhead/bulkhead.ts';
export { CallCache, type CallCacheOptions } from './cache/call-cache.ts';
export type { Clock, Random } from './clock.ts';
export { AdaptiveLimit, type AdaptiveLimitOptions, type CallEnd, type Permit } from './concurrency/adaptive-limit.ts';
export { ResilienceModule } from './nest/resilience.module.ts';
export {
  type DeclaredResource,
  declaredResource,
  ResourceName as Resource,
  type ResourceOptions,
} from './nest/resource.decorator.ts';
export { type Policy, type PolicyCall, type PolicyOptions, policy } from './policy/policy.ts';
export { Resilient, type ResilientOptions } from './policy/resilient.ts';
export {
  type ClusterDecision,
  ClusterRateLimiter,
  type ClusterRateLimiterOptions,
  type RateStore,
} from './rate-limit/cluster-rate-limiter.ts';
export type { RateDecision, RateLimit } from './rate-limit/gcra.ts';
export { LocalRateLimiter, type LocalRateLimiterOptions } from './rate-limit/local-rate-limiter.ts';
export { openRateStore, type RateStoreOptions } from './rate-limit/open-rate-store.ts';
export { type RateStoreLog, WatchedRateStore } from './rate-limit/watched-rate-store.ts';
export { endingOf } from './resource/ending.ts';
export type { CircuitChange, Resource as ResourceState, WatchedCircuit } from './resource/resource.ts';
export { type CallOptions, type Entered, Resources, type ResourcesOptions } from './resource/resources.ts';
export { isTransient, type RetryContext, type RetryPolicy, retry } from './retry/retry.ts';
export { RetryBudget, type RetryBudgetOptions } from './retry/retry-budget.ts';
export type { CallFacts } from './rules/base.ts';
export { ResilienceSettings, Rule, type RuleKind, Rules } from './rules/rule.ts';
export type { Decision } from './state/decision-ring.ts';
export { type Explanation, explain } from './state/explain.ts';
export { type HystrixEvent, hystrixEvents } from './state/hystrix-events.ts';
export { type ResourceSnapshot, type RuleSnapshot, snapshot, snapshotOf } from './state/snapshot.ts';
export { type TimeoutOptions, timeout } from './timeout/timeout.ts';
