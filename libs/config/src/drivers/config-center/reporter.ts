import type { AppliedReport } from '../../config.ts';

export interface ReporterOptions {
  send(report: AppliedReport): Promise<void>;
  /** Distance of the reports by which the centre knows that this instance lives, in ms. */
  heartbeatMs: number;
  /**
   * A report of what was applied waits for a random moment of up to so long: a thousand instances that apply a release at the
   * same time do not all report at the same time, which would hold up the release for those who do not have it yet.
   */
  spreadMs: number;
  random?: () => number;
}

/**
 * Tells the centre what became of versions: one report after another, so that an older one never lands on a newer, and of
 * several that wait the newest only. Repeats what is in force (and what was refused since) as a sign of life.
 */
export class Reporter {
  readonly #options: Required<ReporterOptions>;
  #applied: AppliedReport | undefined;
  #refused: AppliedReport | undefined;
  /** What the centre has not been told yet. */
  readonly #untold = new Set<'applied' | 'refused'>();
  #running: Promise<void> | undefined;
  #heart: NodeJS.Timeout | undefined;
  readonly #closed = Promise.withResolvers<void>();
  #over = false;

  constructor(options: ReporterOptions) {
    this.#options = { random: Math.random, ...options };
  }

  /** Resolves when this report, or a newer one, has reached the centre; rejects when that failed. */
  report(report: AppliedReport): Promise<void> {
    if (report.applied) {
      this.#applied = report;
      this.#untold.add('applied');
      if (this.#refused && this.#refused.version <= report.version) this.#refused = undefined;
    } else {
      this.#refused = report;
      this.#untold.add('refused');
    }
    return this.#start();
  }

  close(): void {
    this.#over = true;
    clearTimeout(this.#heart);
    this.#closed.resolve();
  }

  #start(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      this.#beat();
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    clearTimeout(this.#heart);
    try {
      while (this.#untold.size > 0 && !this.#over) {
        if (!this.#untold.has('refused')) await this.#pause(this.#options.random() * this.#options.spreadMs);
        await this.#tell();
      }
    } finally {
      // What failed is told with the next sign of life.
      this.#untold.clear();
    }
  }

  async #tell(): Promise<void> {
    const reports = [this.#applied, this.#refused];
    this.#untold.clear();
    for (const report of reports) if (report && !this.#over) await this.#options.send(report);
  }

  #beat(): void {
    clearTimeout(this.#heart);
    if (this.#over) return;
    this.#heart = setTimeout(() => {
      this.#untold.add('refused');
      this.#start().catch(() => {});
    }, this.#options.heartbeatMs);
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([promise, this.#closed.promise]);
    clearTimeout(timer);
  }
}
