import cluster, { type Worker } from 'node:cluster';
import { randomBytes } from 'node:crypto';
import type { Logger } from '@rookery/observability';
import { SignsOfLife } from './signs-of-life.ts';
import { closeUntaken } from './untaken-connections.ts';
import { AddedMetrics } from './worker-metrics.ts';

/** A worker that has lived so long did not die of its start. */
const HEALTHY_AFTER_MS = 10_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** What the workers may take beyond their own drain before they are killed. */
const EXIT_GRACE_MS = 10_000;
const DEFAULT_DRAIN_MS = 10_000;

/** What a service tells its parent; see libs/service. */
interface ServiceMessage {
  type: 'waiting' | 'ready' | 'stopping';
}

/**
 * Keeps several workers on one port: one that dies is replaced, a request to stop drains them all. To its own parent it
 * is one service; in the registry they are one instance, by one id.
 */
export class Primary {
  readonly #count: number;
  readonly #logger: Logger;
  readonly #metrics = new AddedMetrics(() => this.#workers);
  readonly #signs: SignsOfLife;
  readonly #ready = new Set<number>();
  readonly #startedAtMs = new Map<number, number>();
  readonly #pauses = new Set<NodeJS.Timeout>();
  #pauseMs = FIRST_PAUSE_MS;
  #wasReady = false;
  #stopping = false;

  /** @param silenceMs after how long a worker that gives no sign of life is killed, and so replaced; 0 for never. */
  constructor(count: number, silenceMs: number, logger: Logger) {
    this.#count = count;
    this.#logger = logger;
    this.#signs = new SignsOfLife(silenceMs, (worker, silentMs) => {
      logger.warn({ event: 'worker hangs', worker: worker.id, pid: worker.process.pid, silentMs });
      worker.process.kill('SIGKILL');
    });
  }

  /** Those that live: one whose exit is heard before its channel has closed still stands in the cluster's list. */
  get #workers(): Worker[] {
    return Object.values(cluster.workers ?? {})
      .filter((worker) => worker !== undefined)
      .filter((worker) => !worker.isDead());
  }

  start(): void {
    process.env.INSTANCE_ID ??= `gateway-${randomBytes(4).toString('hex')}`;
    cluster.on('message', (worker, message) => this.#hear(worker, message));
    cluster.on('exit', (worker, code, signal) => this.#gone(worker, signal ?? code));
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.#stop(signal));
    if (process.send) process.on('disconnect', () => this.#stop('the parent process is gone'));
    for (let at = 0; at < this.#count; at++) this.#fork();
    this.#signs.start();
  }

  #fork(): void {
    const worker = cluster.fork();
    closeUntaken(worker);
    this.#startedAtMs.set(worker.id, performance.now());
    this.#logger.info({ event: 'worker started', worker: worker.id, pid: worker.process.pid });
  }

  #hear(worker: Worker, message: ServiceMessage | undefined): void {
    this.#metrics.hear(worker, message);
    this.#signs.hear(worker, message);
    if (message?.type === 'waiting' && !this.#wasReady && worker.id === 1) tellParent(message);
    if (message?.type !== 'ready') return;
    this.#ready.add(worker.id);
    if (this.#wasReady || this.#ready.size < this.#count) return;
    this.#wasReady = true;
    tellParent(message);
  }

  #gone(worker: Worker, reason: string | number): void {
    const livedMs = performance.now() - (this.#startedAtMs.get(worker.id) ?? 0);
    const wasReady = this.#ready.delete(worker.id);
    this.#signs.forget(worker);
    this.#startedAtMs.delete(worker.id);
    if (this.#stopping) {
      if (this.#workers.length === 0) process.exit();
      return;
    }
    this.#logger.warn({ event: 'worker ended', worker: worker.id, pid: worker.process.pid, reason, livedMs });
    if (!this.#wasReady && !wasReady) {
      // What stops one start stops them all, and the worker has said why.
      process.exitCode = 1;
      this.#stop('a worker did not start');
      return;
    }
    this.#pauseMs = livedMs > HEALTHY_AFTER_MS ? FIRST_PAUSE_MS : Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    const pause = setTimeout(() => {
      this.#pauses.delete(pause);
      this.#fork();
    }, this.#pauseMs);
    this.#pauses.add(pause);
  }

  #stop(reason: string): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#logger.info({ event: 'workers stopping', reason, workers: this.#workers.length });
    tellParent({ type: 'stopping' });
    for (const pause of this.#pauses) clearTimeout(pause);
    if (this.#workers.length === 0) process.exit();
    for (const worker of this.#workers) worker.process.kill('SIGTERM');
    const drainMs = Number(process.env.SHUTDOWN_TIMEOUT_MS ?? DEFAULT_DRAIN_MS);
    setTimeout(() => {
      for (const worker of this.#workers) worker.process.kill('SIGKILL');
    }, drainMs + EXIT_GRACE_MS).unref();
  }
}

function tellParent(message: ServiceMessage): void {
  if (process.send && process.connected) process.send(message, undefined, undefined, () => {});
}
