import { setMaxListeners } from 'node:events';

/** What a check found: well, or why not, in one sentence. */
export type CheckResult = { ok: true } | { ok: false; reason: string };

export interface HealthReport {
  ok: boolean;
  checks: Record<string, CheckResult>;
}

/**
 * Readiness of one process: a service is ready when all of its checks are well and it is not draining.
 * Liveness has no checks: a process that answers lives.
 */
export class Health {
  readonly #checks = new Map<string, () => Promise<CheckResult> | CheckResult>();
  readonly #drain = new AbortController();

  constructor() {
    setMaxListeners(0, this.#drain.signal);
  }

  /** Aborts when the process begins to shut down: for requests that wait, like long polls, to answer at once. */
  get draining(): AbortSignal {
    return this.#drain.signal;
  }

  /** @param name what is waited for, as a person would call it: `database`, `registry`. */
  addCheck(name: string, check: () => Promise<CheckResult> | CheckResult): void {
    this.#checks.set(name, check);
  }

  /** From now on the process reports itself not ready, so that nobody sends it new work. */
  drain(): void {
    this.#drain.abort();
  }

  /** Runs every check, each at most `timeoutMs`; one that throws or takes longer is not well. */
  async report(timeoutMs = 2_000): Promise<HealthReport> {
    const entries = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await settle(check, timeoutMs)] as const),
    );
    const checks: Record<string, CheckResult> = Object.fromEntries(entries);
    if (this.draining.aborted) checks.process = { ok: false, reason: 'is shutting down' };
    return { ok: Object.values(checks).every((check) => check.ok), checks };
  }
}

async function settle(check: () => Promise<CheckResult> | CheckResult, timeoutMs: number): Promise<CheckResult> {
  const { promise: late, resolve } = Promise.withResolvers<CheckResult>();
  const timer = setTimeout(() => resolve({ ok: false, reason: `did not answer within ${timeoutMs} ms` }), timeoutMs);
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
