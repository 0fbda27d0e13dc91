import { RookeryError } from '@rookery/observability';
import type { Dispatcher } from 'undici';
import { errors } from '../../errors.ts';
import type { Call } from '../../filters/filter.ts';
import { failureOf } from '../../forward/retry-decision.ts';
import { balanceKeyOf } from '../../upstream/balance-key.ts';
import type { InstancePool } from '../../upstream/instance-pool.ts';
import type { Target } from '../../upstream/target.ts';
import { grpcTimeout } from '../grpc/grpc-message.ts';
import { toFrame } from './grpc-frames.ts';

/** Headers of the HTTP request that say nothing to a gRPC service. */
const OF_HTTP =
  /^(?:accept(?:-.*)?|content-.*|cookie|if-.*|origin|range|referer|sec-.*|user-agent|cache-control|pragma)$/;

/** Calls a method on an instance of the service, on another one where the first cannot be reached. */
export async function callInstance(
  target: Target,
  call: Call,
  rpcPath: string,
  message: Uint8Array,
): Promise<Dispatcher.ResponseData> {
  const { breaker } = target;
  if (!breaker.admit()) throw errors.circuitOpen(target.service, breaker.retryAfterMs);
  const tried = new Set<string>();
  const { balance } = call.route;
  const by = balance && balanceKeyOf(balance, (name) => call.header(name), call.clientAddress);
  for (;;) {
    const pool = target.choose(tried, balance, by?.key);
    if (!pool) throw tried.size > 0 ? errors.upstreamFailed(target.service) : errors.noInstance(target.service, 1_000);
    tried.add(pool.instance.id);
    const answer = await callOne({ target, pool, call, rpcPath, message, nth: tried.size });
    if (answer) return answer;
  }
}

interface OneCall {
  target: Target;
  pool: InstancePool;
  call: Call;
  rpcPath: string;
  message: Uint8Array;
  /** How many instances have been asked, this one included. */
  nth: number;
}

/** Undefined where the call never went out. */
async function callOne({
  target,
  pool,
  call,
  rpcPath,
  message,
  nth,
}: OneCall): Promise<Dispatcher.ResponseData | undefined> {
  if (!pool.grpc) throw errors.grpcUnsupported(target.service);
  if (pool.isFull) throw errors.overloaded(target.service);
  const { timeoutMs, idleTimeoutMs } = call.route;
  const startedAtMs = performance.now();
  const leftMs = timeoutMs - (startedAtMs - call.startedAtMs);
  const span = call.beginTry({ service: target.service, instance: pool.instance, nth });
  target.begin(pool);
  try {
    const answer = await pool.grpc.request({
      path: rpcPath,
      method: 'POST',
      headers: headersOf(call, leftMs, span?.traceparent ?? call.traceparent),
      body: toFrame(message),
      signal: call.signal,
      headersTimeout: Math.max(1, leftMs),
      bodyTimeout: idleTimeoutMs,
    });
    target.end(pool, performance.now() - startedAtMs, 'answered');
    target.breaker.succeeded();
    span?.end(answer.statusCode, false);
    return answer;
  } catch (error) {
    const left = call.signal.aborted;
    target.end(pool, performance.now() - startedAtMs, left ? 'unknown' : 'failed');
    if (!left) target.breaker.failed();
    span?.end(0, !left);
    if (!left && failureOf(error as Error, false) === 'refused') return undefined;
    if ((error as NodeJS.ErrnoException).code === 'UND_ERR_HEADERS_TIMEOUT')
      throw errors.upstreamTimeout(target.service, performance.now() - call.startedAtMs);
    throw error instanceof RookeryError ? error : errors.upstreamFailed(target.service);
  }
}

function headersOf(call: Call, leftMs: number, traceparent: string): string[] {
  const headers = ['content-type', 'application/grpc', 'te', 'trailers', 'grpc-timeout', grpcTimeout(leftMs)];
  for (let at = 0; at < call.headers.length; at += 2) {
    const name = call.headers[at] as string;
    if (!OF_HTTP.test(name) && !name.startsWith('grpc-')) headers.push(name, call.headers[at + 1] as string);
  }
  headers.push('x-request-id', call.requestId, 'traceparent', traceparent, 'x-forwarded-for', call.clientAddress);
  return headers;
}
