const MAX_FAILURES = 10;
const WINDOW_MS = 5 * 60_000;
const MAX_NAMES = 10_000;

/** Slows guessing: a name with many wrong passwords has to wait. Bounded; the oldest names are forgotten first. */
export class SignInThrottle {
  readonly #failures = new Map<string, { count: number; sinceMs: number }>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether a password for this name may be tried now. */
  allows(username: string): boolean {
    const known = this.#failures.get(username);
    return !known || known.count < MAX_FAILURES || this.#now() - known.sinceMs >= WINDOW_MS;
  }

  failed(username: string): void {
    const known = this.#failures.get(username);
    const fresh = !known || this.#now() - known.sinceMs >= WINDOW_MS;
    this.#failures.delete(username);
    this.#failures.set(username, fresh ? { count: 1, sinceMs: this.#now() } : { ...known, count: known.count + 1 });
    const [oldest] = this.#failures.keys();
    if (oldest !== undefined && this.#failures.size > MAX_NAMES) this.#failures.delete(oldest);
  }

  succeeded(username: string): void {
    this.#failures.delete(username);
  }
}
