import { context, createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Carrier, extract, inject } from './propagation.ts';
import { currentRequest, currentTraceId, remainingMs, runWithRequest, withRequest } from './request-context.ts';
import { startTracing } from './tracing.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the context of a request', () => {
  beforeAll(startTracing);

  it('comes off the wire as it went onto it', () => {
    const lane = fc.option(fc.stringMatching(/^[a-z0-9-]{1,63}$/), { nil: undefined });
    const leftMs = fc.option(fc.integer({ min: 0, max: 999_999_999 }), { nil: undefined });
    fc.assert(
      fc.property(lane, leftMs, (lane, leftMs) => {
        const request = {
          ...(lane !== undefined && { lane }),
          ...(leftMs !== undefined && { deadlineAtMs: 1_000 + leftMs }),
        };
        const carrier = inject({}, withRequest(request, ROOT_CONTEXT), 1_000);
        expect(currentRequest(extract(carrier, 1_000))).toEqual(request);
      }),
    );
  });

  it('keeps the trace and the baggage of the caller', () => {
    const carrier = inject({}, extract({ traceparent: TRACEPARENT, baggage: 'shop=7' }));
    expect(carrier).toMatchObject({ traceparent: TRACEPARENT, baggage: 'shop=7' });
  });

  it('counts down between services whose clocks differ', () => {
    const caller = withRequest({ deadlineAtMs: 5_000 }, ROOT_CONTEXT);
    const carrier = inject({}, caller, 4_250);
    expect(currentRequest(extract(carrier, 1_000_000)).deadlineAtMs).toBe(1_000_750);
    expect(inject({}, caller, 9_000)).toMatchObject({ 'x-request-timeout-ms': '0' });
  });

  it.each<Carrier>([
    { 'x-request-timeout-ms': '-1' },
    { 'x-request-timeout-ms': '1e9' },
    { 'x-request-timeout-ms': '9999999999' },
    { 'x-lane': 'Blue Lane' },
    { 'x-lane': '' },
    { traceparent: '00-zz-1-01' },
  ])('ignores what does not parse: %o', (carrier) => {
    const received = extract(carrier);
    expect(currentRequest(received)).toEqual({});
    expect(trace.getSpanContext(received)).toBeUndefined();
  });

  it('never takes a principal off the wire, nor puts one onto it', () => {
    const principal = { subject: 'ada', roles: ['admin'], permissions: [] };
    expect(JSON.stringify(inject({}, withRequest({ principal }, ROOT_CONTEXT)))).not.toMatch('ada');
    expect(currentRequest(extract({ principal: 'ada', 'x-principal': 'ada' })).principal).toBeUndefined();
  });

  it('follows the work across await, and lays changes over what is there', async () => {
    await runWithRequest({ lane: 'blue', deadlineAtMs: 10_000 }, async () => {
      await Promise.resolve();
      expect(currentRequest()).toEqual({ lane: 'blue', deadlineAtMs: 10_000 });
      expect([remainingMs(500, 9_900), remainingMs(50, 9_900), remainingMs(500, 11_000)]).toEqual([100, 50, 0]);
      runWithRequest({ lane: 'green' }, () =>
        expect(currentRequest()).toEqual({ lane: 'green', deadlineAtMs: 10_000 }),
      );
    });
    expect(currentRequest()).toEqual({});
    expect(remainingMs(500)).toBe(500);
  });

  it('is a context like others: values of others stay, and what is taken away is gone', () => {
    const [ours, theirs] = [createContextKey('ours'), createContextKey('theirs')];
    runWithRequest({ lane: 'blue' }, () => {
      const active = context.active();
      const more = active.setValue(ours, 1).setValue(theirs, 2).deleteValue(ours);
      expect([more.getValue(ours), more.getValue(theirs), currentRequest(more)]).toEqual([
        undefined,
        2,
        { lane: 'blue' },
      ]);
      expect(currentRequest(withRequest({ deadlineAtMs: 1 }, more))).toEqual({ deadlineAtMs: 1 });
      expect(withRequest({ deadlineAtMs: 1 }, more).getValue(theirs)).toBe(2);
    });
  });

  it('tells its trace id inside of it, and none outside', () => {
    expect(currentTraceId()).toBeUndefined();
    context.with(extract({ traceparent: TRACEPARENT }), () =>
      expect(currentTraceId()).toBe('0af7651916cd43dd8448eb211c80319c'),
    );
  });
});
