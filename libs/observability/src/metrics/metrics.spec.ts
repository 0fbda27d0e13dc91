import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.ts';
import { RedMetrics } from './red-metrics.ts';

describe('metrics', () => {
  it('are one per name, however often they are asked for', () => {
    const metrics = new Metrics('films');
    expect(metrics.counter('films_found_total', 'Films found')).toBe(
      metrics.counter('films_found_total', 'Films found'),
    );
    expect(metrics.gauge('films_open', 'Open')).toBe(metrics.gauge('films_open', 'Open'));
    expect(metrics.duration('film_seconds', 'Time')).toBe(metrics.duration('film_seconds', 'Time'));
  });

  it('of two services in one process do not mix', async () => {
    const films = new Metrics('films');
    const orders = new Metrics('orders');
    films.counter('seen_total', 'Seen').inc();
    expect(await films.registry.metrics()).toMatch('seen_total{service="films"} 1');
    expect(await orders.registry.metrics()).not.toMatch('seen_total');
  });

  it('tell rate, errors and duration per route', async () => {
    const metrics = new Metrics('films');
    const red = new RedMetrics(metrics);
    red.started('http');
    red.started('http');
    red.ended({ transport: 'http', method: 'GET', route: '/films/:id', status: '200', durationMs: 30 });
    const text = await metrics.registry.metrics();
    expect(text).toMatch('server_requests_running{transport="http",service="films"} 1');
    expect(text).toMatch(/_bucket\{le="0.025",.*route="\/films\/:id",status="200"\} 0/);
    expect(text).toMatch(/_bucket\{le="0.05",.*route="\/films\/:id",status="200"\} 1/);
  });
});
