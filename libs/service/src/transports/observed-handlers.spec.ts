import type { MessageHandler } from '@nestjs/microservices';
import {
  createLogger,
  currentRequest,
  currentTraceId,
  Metrics,
  RedMetrics,
  runWithRequest,
  startTracing,
} from '@rookery/observability';
import { defer, firstValueFrom, from, type Observable, throwError } from 'rxjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { observeHandlers } from './observed-handlers.ts';

/** A transport that keeps what Nest adds to it. */
class Transport {
  readonly handlers = new Map<string, MessageHandler>();

  addHandler(pattern: string, handler: MessageHandler): void {
    this.handlers.set(pattern, handler);
  }
}

function observed(handler: MessageHandler) {
  const metrics = new Metrics('films');
  const transport = new Transport();
  observeHandlers(transport, {
    transport: 'messaging',
    logger: createLogger({ service: 'films', level: 'silent' }),
    red: new RedMetrics(metrics),
    tracing: true,
    accessLog: true,
  });
  transport.addHandler('order.placed', handler);
  const wrapped = transport.handlers.get('order.placed') ?? handler;
  return {
    deliver: async (headers: Record<string, string> = {}) =>
      firstValueFrom((await wrapped({}, { delivery: { headers } })) as Observable<unknown>),
    count: async (status: string) => {
      const samples = (await metrics.registry.getSingleMetric('server_request_duration_seconds')?.get())?.values ?? [];
      return (samples as { metricName?: string; labels: { status?: string }; value: number }[]).find(
        ({ metricName, labels }) => metricName?.endsWith('_count') && labels.status === status,
      )?.value;
    },
    running: async () => (await metrics.registry.getSingleMetric('server_requests_running')?.get())?.values[0]?.value,
  };
}

describe('a message handler', () => {
  beforeAll(startTracing);

  it('runs in the context that the message carries', async () => {
    const { deliver, count } = observed(async () => ({ traceId: currentTraceId(), ...currentRequest() }));
    const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'x-lane': 'blue' };
    expect(await deliver(headers)).toEqual({ traceId: '0af7651916cd43dd8448eb211c80319c', lane: 'blue' });
    expect(await count('ok')).toBe(1);
  });

  it('runs in that context also where it runs only once its answer is subscribed to, as behind an interceptor', async () => {
    const { deliver } = observed(async () => defer(async () => currentTraceId()));
    const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    expect(await deliver(headers)).toBe('0af7651916cd43dd8448eb211c80319c');
  });

  it('knows who sent a message without a trace, behind an interceptor too', async () => {
    const principal = { subject: 'ada', roles: [], permissions: [] };
    const { deliver } = observed(async () => defer(async () => currentRequest().principal));
    expect(await runWithRequest({ principal }, deliver)).toEqual(principal);
  });

  it.each<[string, MessageHandler]>([
    ['throws', () => Promise.reject(new Error('no stock'))],
    ['answers an observable that fails', async () => throwError(() => new Error('no stock'))],
  ])('is counted as failed when it %s, and the transport sees the error', async (_how, handler) => {
    const { deliver, count, running } = observed(handler);
    await expect(deliver()).rejects.toThrow('no stock');
    expect([await count('failed'), await count('ok'), await running()]).toEqual([1, undefined, 0]);
  });

  it('is counted once when it answers an observable', async () => {
    const { deliver, count, running } = observed(async () => from([7]));
    expect(await deliver()).toBe(7);
    expect([await count('ok'), await running()]).toEqual([1, 0]);
  });
});
