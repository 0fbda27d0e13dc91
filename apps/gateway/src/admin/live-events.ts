import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gateway } from '../gateway.ts';
import type { RouteTotals } from '../observe/request-metrics.ts';

const EVERY_MS = 1_000;

/** What happened since the last event, as Server-Sent Events, until the reader leaves. */
export function liveEvents(gateway: Gateway, request: IncomingMessage, response: ServerResponse): undefined {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let before = gateway.totals();
  let beforeMs = performance.now();
  const send = () => {
    // A reader that does not keep up misses events; nothing is kept for it.
    if (response.writableNeedDrain) return;
    const [now, nowMs] = [gateway.totals(), performance.now()];
    const event = {
      at: new Date().toISOString(),
      inFlight: gateway.inFlight,
      routes: changes(before, now, nowMs - beforeMs),
    };
    [before, beforeMs] = [now, nowMs];
    response.write(`data: ${JSON.stringify(event)}\n\n`);
  };
  send();
  const timer = setInterval(send, EVERY_MS);
  request.once('close', () => clearInterval(timer));
  response.once('close', () => clearInterval(timer));
  return undefined;
}

/** Rate, errors and mean duration of each route in the time between two readings. */
export function changes(
  before: ReadonlyMap<string, RouteTotals>,
  now: ReadonlyMap<string, RouteTotals>,
  passedMs: number,
): object[] {
  return [...now].flatMap(([route, totals]) => {
    const earlier = before.get(route) ?? { requests: 0, errors: 0, refused: 0, slow: 0, sumMs: 0 };
    const requests = totals.requests - earlier.requests;
    if (requests <= 0) return [];
    return [
      {
        route,
        perSecond: round((requests / Math.max(1, passedMs)) * 1_000),
        errors: totals.errors - earlier.errors,
        refused: totals.refused - earlier.refused,
        meanMs: round((totals.sumMs - earlier.sumMs) / requests),
      },
    ];
  });
}

const round = (value: number): number => Math.round(value * 100) / 100;
