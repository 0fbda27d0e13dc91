import type { BalanceInput } from '@rookery/discovery';
import { RookeryError } from '@rookery/observability';
import {
  type BulkheadOptions,
  CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitState,
  isTransient,
  policy,
  RetryBudget,
} from '@rookery/resilience';
import type { InstanceBreakers } from './instance-breakers.ts';

/** How the calls to one service behave. What is not given has the default that it names. */
export interface RpcPolicy {
  /** For a whole call with its retries, in ms; 2000. A nearer deadline of the current request wins. */
  timeoutMs?: number;
  /**
   * For one attempt, in ms; then a call that may be repeated goes to another instance, any other fails. When not given
   * an attempt has all the time that is left.
   */
  tryTimeoutMs?: number;
  /** Attempts in all; 3. Each further one goes to another instance where there is one, paid from one budget a service. */
  attempts?: number;
  /** Of the service. It opens when most of the instances fail; each instance has a breaker of its own besides. */
  breaker?: CircuitBreakerOptions;
  /** How instances are chosen; as the service is balanced in this process when not given. */
  balance?: BalanceInput;
  /** No limit of running calls when not given. */
  bulkhead?: BulkheadOptions;
}

export const DEFAULT_TIMEOUT_MS = 2_000;
/** Longer than any call is allowed to take: the deadline of each call is set by the call. */
const CEILING_MS = 10 * 60_000;

/**
 * Whether another instance may be asked after `error`. A call that changes something is repeated only when it never
 * left; one that only reads (or may be repeated) also when the connection broke under it, the attempt took too long or
 * the instance said that it cannot serve for now.
 */
export function mayRepeat(error: unknown, repeatable: boolean): boolean {
  if (!(error instanceof RookeryError) || error.code === 'RPC_NO_INSTANCE') return false;
  return error.code === 'RPC_NOT_SENT' || (repeatable && (isTransient(error) || error.code === 'CALL_TIMEOUT'));
}

/** Both pipelines of one service, for calls that may be repeated and those that may not, on one breaker and budget. */
export function rpcPolicies(
  service: string,
  given: RpcPolicy,
  instances: Pick<InstanceBreakers, 'isServiceFailure'>,
  onState: (state: CircuitState) => void = () => {},
) {
  const breaker = new CircuitBreaker({
    name: service,
    minimumCalls: 5,
    openMs: 2_000,
    onState,
    isFailure: (error) => instances.isServiceFailure(error),
    ...given.breaker,
  });
  const budget = new RetryBudget();
  const make = (repeatable: boolean) =>
    policy({
      name: service,
      timeoutMs: CEILING_MS,
      breaker,
      ...(given.bulkhead && { bulkhead: given.bulkhead }),
      retry: {
        attempts: given.attempts ?? 3,
        ...(given.tryTimeoutMs !== undefined && { tryTimeoutMs: given.tryTimeoutMs }),
        baseMs: 20,
        capMs: 200,
        budget,
        retryable: (error) => mayRepeat(error, repeatable),
      },
    });
  return { repeatable: make(true), once: make(false), breaker };
}
