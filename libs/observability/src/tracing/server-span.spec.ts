import { beforeAll, describe, expect, it } from 'vitest';
import { startTracing } from '../context/tracing.ts';
import { endSpan, requestIdOf, startServerSpan, traceparent } from './server-span.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

describe("a server's span", () => {
  beforeAll(startTracing);

  it("goes on in the caller's trace as a span of its own", () => {
    const { traceId, span } = startServerSpan({ traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01` }, 'GET');
    expect(traceId).toBe(TRACE_ID);
    expect(traceparent(span)).toMatch(new RegExp(`^00-${TRACE_ID}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`));
    endSpan(span);
    expect(span.isRecording()).toBe(false);
  });

  it('begins a trace where the caller has none', () => {
    const [one, two] = [startServerSpan({}, 'GET'), startServerSpan({}, 'GET')];
    expect(one.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(one.traceId).not.toBe(two.traceId);
  });
});

describe('the request id', () => {
  it.each([
    ['my-id.7', 'my-id.7'],
    [undefined, TRACE_ID],
    ['', TRACE_ID],
    ['a\r\nset-cookie: x', TRACE_ID],
    ['x'.repeat(129), TRACE_ID],
  ])('of %j is %s', (given, expected) => {
    expect(requestIdOf({ 'x-request-id': given }, TRACE_ID)).toBe(expected);
  });
});
