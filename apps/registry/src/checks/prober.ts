import type { RegistryState } from '../domain/registry-state.ts';
import type { CheckRecord, Probe } from '../domain/service-record.ts';
import { CHECKS } from '../domain/service-store.ts';
import { look } from './probe.ts';
import { NO_STREAK, type Streak, verdict } from './verdict.ts';

/** Probes under way at once; one that would be more waits a little. */
const MAX_AT_ONCE = 100;
const WAIT_MS = 100;
/** A new check is looked at for the first time within this, at random. */
const FIRST_WITHIN_MS = 500;

interface Running {
  readonly check: CheckRecord;
  readonly probe: Probe;
  streak: Streak;
  timer: NodeJS.Timeout;
}

/** Runs the checks that ask the registry to look itself, each in its interval, for as long as they are registered. */
export class Prober {
  readonly #running = new Map<string, Running>();
  readonly #closed = new AbortController();
  readonly #stopListening: () => void;
  #atOnce = 0;
  #planned: NodeJS.Immediate | undefined;

  constructor(private readonly state: RegistryState) {
    this.#stopListening = state.changes.onChange((topics) => {
      if (topics.includes(CHECKS)) this.#planned ??= setImmediate(() => this.#follow());
    });
    this.#follow();
  }

  close(): void {
    this.#closed.abort();
    this.#stopListening();
    clearImmediate(this.#planned);
    for (const { timer } of this.#running.values()) clearTimeout(timer);
    this.#running.clear();
  }

  /** Starts what is new, and stops what is gone or registered anew. */
  #follow(): void {
    this.#planned = undefined;
    const wanted = new Map([...this.state.services.probed()].map((check) => [check.id, check]));
    for (const [id, { check, timer }] of this.#running) {
      if (wanted.get(id) === check) continue;
      clearTimeout(timer);
      this.#running.delete(id);
    }
    for (const [id, check] of wanted) {
      if (this.#running.has(id) || !check.probe) continue;
      const running: Running = { check, probe: check.probe, streak: NO_STREAK, timer: setTimeout(() => {}, 0) };
      this.#running.set(id, running);
      this.#later(running, Math.min(check.probe.intervalMs, FIRST_WITHIN_MS) * Math.random());
    }
  }

  #later(running: Running, pauseMs: number): void {
    clearTimeout(running.timer);
    running.timer = setTimeout(() => void this.#look(running), pauseMs);
  }

  async #look(running: Running): Promise<void> {
    if (this.#atOnce >= MAX_AT_ONCE) return this.#later(running, WAIT_MS);
    const { check, probe } = running;
    this.#atOnce++;
    const finding = await look(probe, this.#closed.signal);
    this.#atOnce--;
    if (this.#closed.signal.aborted || this.#running.get(check.id) !== running) return;
    const { streak, status } = verdict(running.streak, finding.status, probe);
    running.streak = streak;
    if (status) this.state.services.found(check, status, finding.output);
    this.#later(running, probe.intervalMs);
  }
}
