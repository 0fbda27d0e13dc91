import { setTimeout as delay } from 'node:timers/promises';
import { type BackOff, backOffMs } from '@rookery/connections';
import type { CheckedServices } from './service-entry.ts';

const BACK_OFF: BackOff = { baseMs: 200, capMs: 5_000 };
/** How many services are asked for at once. */
const AT_ONCE = 8;

/** What of the catalogue no check speaks of: it may be well all the same, or have gone, or have come a moment ago. */
export const unchecked = ({ checked }: CheckedServices, catalogue: readonly string[]): string[] =>
  catalogue.filter((name) => !checked.includes(name));

/** Those of the names that have an instance which is well. */
export async function wellOf(
  names: readonly string[],
  isWell: (name: string) => Promise<boolean>,
): Promise<readonly string[]> {
  const well: string[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const asked = names.slice(at, at + AT_ONCE);
    const answers = await Promise.all(asked.map(isWell));
    well.push(...asked.filter((_, index) => answers[index]));
  }
  return well;
}

/**
 * Puts together what the checks and the catalogue say, which come one after the other: a name that no check speaks of is
 * asked for before it is told. Where all have checks, as ours do, nothing is asked.
 */
export class ServiceNames {
  #checks: CheckedServices | undefined;
  #catalogue: readonly string[] | undefined;
  /** Without a check, and found well. */
  #known: readonly string[] = [];
  /** Found unwell since the last news. */
  #unwell: readonly string[] = [];
  #asking = false;
  readonly #stopped = new AbortController();

  constructor(
    private readonly isWell: (name: string) => Promise<boolean>,
    private readonly tell: (names: readonly string[]) => void,
  ) {}

  close(): void {
    this.#stopped.abort();
  }

  checks(checks: CheckedServices): void {
    this.#checks = checks;
    this.#unwell = [];
    this.#look();
  }

  catalogue(names: readonly string[]): void {
    this.#catalogue = names;
    this.#unwell = [];
    this.#look();
  }

  #look(): void {
    if (!this.#checks || !this.#catalogue || this.#stopped.signal.aborted) return;
    const without = unchecked(this.#checks, this.#catalogue);
    this.#known = this.#known.filter((name) => without.includes(name));
    this.tell([...this.#checks.well, ...this.#known].sort());
    if (without.length > this.#known.length) void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    let failures = 0;
    for (let open = this.#open(); open.length > 0; open = this.#open()) {
      const before = this.#unwell;
      try {
        const well = await wellOf(open, this.isWell);
        failures = 0;
        // News that came meanwhile may have changed what was answered.
        if (this.#unwell === before) this.#unwell = [...before, ...open.filter((name) => !well.includes(name))];
        if (well.length > 0) this.#found(well);
      } catch {
        // The watches say that the registry is away.
        await delay(backOffMs(++failures, BACK_OFF), undefined, { signal: this.#stopped.signal }).catch(() => {});
      }
    }
    this.#asking = false;
  }

  #open(): string[] {
    if (!this.#checks || !this.#catalogue || this.#stopped.signal.aborted) return [];
    const settled = [...this.#known, ...this.#unwell];
    return unchecked(this.#checks, this.#catalogue).filter((name) => !settled.includes(name));
  }

  #found(well: readonly string[]): void {
    this.#known = [...this.#known, ...well];
    this.#look();
  }
}
