import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds; from a cache hit to the longest deadline that we give. */
const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The metrics of one process, in Prometheus' exposition format. */
export class Metrics {
  readonly registry = new Registry();

  constructor(service: string) {
    this.registry.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.registry });
  }

  counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return this.#existing<Counter<L>>(name) ?? new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  /** A counter or a gauge whose values stand elsewhere: `read` tells them each time that the metrics are asked for. */
  readFrom<L extends string>(
    kind: 'counter' | 'gauge',
    { name, help, labelNames }: { name: string; help: string; labelNames: readonly L[] },
    read: (tell: (labels: Record<L, string>, value: number) => void) => void,
  ): void {
    if (this.#existing(name)) return;
    const options = { name, help, labelNames, registers: [this.registry] };
    const tellAll = (metric: { reset(): void; inc(labels: Record<L, string>, value: number): void }) => {
      metric.reset();
      read((labels, value) => metric.inc(labels, value));
    };
    if (kind === 'gauge') {
      const gauge: Gauge<L> = new Gauge({ ...options, collect: () => tellAll(gauge as never) });
    } else {
      const counter: Counter<L> = new Counter({ ...options, collect: () => tellAll(counter as never) });
    }
  }

  gauge<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
    return this.#existing<Gauge<L>>(name) ?? new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  /** A histogram of durations in seconds, as Prometheus' conventions ask. */
  duration<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Histogram<L> {
    return (
      this.#existing<Histogram<L>>(name) ??
      new Histogram({ name, help, labelNames, buckets: DURATION_BUCKETS, registers: [this.registry] })
    );
  }

  #existing<T>(name: string): T | undefined {
    return this.registry.getSingleMetric(name) as T | undefined;
  }
}
