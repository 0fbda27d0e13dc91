import cluster, { type Worker } from 'node:cluster';
import { type Metrics, within } from '@rookery/observability';
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client';

/** The metrics of one process, as prom-client adds them up. */
type Snapshot = MetricObjectWithValues<MetricValue<string>>[];

/** What workers and their primary say to each other about metrics. */
type Message =
  | { type: 'metrics.wanted'; id: number }
  | { type: 'metrics.asked'; id: number }
  | { type: 'metrics.told'; id: number; snapshot: Snapshot }
  | { type: 'metrics.whole'; id: number; text: string };

/** A worker that does not answer, because it is stuck or on its way out, is left out. */
const ANSWER_WITHIN_MS = 2_000;

const isMessage = (message: unknown): message is Message =>
  typeof message === 'object' && message !== null && String((message as Message).type).startsWith('metrics.');

/** The worker's side: gives its own numbers when asked, and asks for those of all. */
export class WorkerMetrics {
  readonly #metrics: Metrics;
  readonly #waiting = new Map<number, (text: string) => void>();
  #lastId = 0;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    if (cluster.isWorker) process.on('message', (message) => void this.#hear(message));
  }

  /** In Prometheus' format: of all workers where there are several, of this one when the primary does not answer. */
  async text(): Promise<string> {
    if (!cluster.isWorker) return this.#metrics.registry.metrics();
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#waiting.set(id, resolve);
    const timer = setTimeout(() => resolve(undefined), 2 * ANSWER_WITHIN_MS);
    send(process, { type: 'metrics.wanted', id });
    const text = await promise;
    clearTimeout(timer);
    this.#waiting.delete(id);
    return text ?? this.#metrics.registry.metrics();
  }

  async #hear(message: unknown): Promise<void> {
    if (!isMessage(message)) return;
    if (message.type === 'metrics.whole') this.#waiting.get(message.id)?.(message.text);
    if (message.type !== 'metrics.asked') return;
    const snapshot = (await this.#metrics.registry.getMetricsAsJSON()) as Snapshot;
    send(process, { type: 'metrics.told', id: message.id, snapshot });
  }
}

/** The primary's side: asks every worker and adds up. */
export class AddedMetrics {
  readonly #workers: () => readonly Worker[];
  readonly #rounds = new Map<number, { snapshots: Snapshot[]; missing: number; done: () => void }>();
  #lastId = 0;

  constructor(workers: () => readonly Worker[]) {
    this.#workers = workers;
  }

  hear(worker: Worker, message: unknown): void {
    if (!isMessage(message)) return;
    if (message.type === 'metrics.wanted') void this.#answer(worker, message.id);
    if (message.type !== 'metrics.told') return;
    const round = this.#rounds.get(message.id);
    if (!round) return;
    round.snapshots.push(message.snapshot);
    round.missing--;
    if (round.missing === 0) round.done();
  }

  async #answer(worker: Worker, wanted: number): Promise<void> {
    const asked = this.#workers();
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<void>();
    const round = { snapshots: [], missing: asked.length, done: resolve };
    this.#rounds.set(id, round);
    for (const each of asked) send(each, { type: 'metrics.asked', id });
    await within(promise, ANSWER_WITHIN_MS);
    this.#rounds.delete(id);
    const text = await AggregatorRegistry.aggregate(round.snapshots).metrics();
    send(worker, { type: 'metrics.whole', id: wanted, text });
  }
}

/** A side that is gone hears nothing, which its asker's time limit deals with. */
function send(to: Worker | NodeJS.Process, message: Message): void {
  if ('isConnected' in to) {
    if (to.isConnected()) to.send(message, () => {});
  } else if (to.connected) {
    to.send?.(message, undefined, undefined, () => {});
  }
}
