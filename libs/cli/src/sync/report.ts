import type { LiveBlock } from '../output/live-block.ts';
import { printable } from '../output/printable.ts';
import { renderTable } from '../output/table.ts';
import type { Presence } from './presence.ts';
import type { RegistryMirror } from './registry-mirror.ts';

/** How soon the table is drawn again, and how long nothing happens before its summary is a line. */
const DRAW_AFTER_MS = 250;
const STILL_AFTER_MS = 1_000;
const MOST_FAILURES = 5;

export interface ReportOptions {
  write: (text: string) => void;
  /** Where a terminal shows a table that is drawn again and again; lines tell elsewhere. */
  live?: LiveBlock | undefined;
}

/** What a person sees of a sync: a line for what happened, and how it stands. */
export class Report {
  readonly #options: ReportOptions;
  #mirrors: readonly RegistryMirror[] = [];
  #timer: NodeJS.Timeout | undefined;
  #summary = '';

  constructor(options: ReportOptions) {
    this.#options = options;
  }

  of(mirrors: readonly RegistryMirror[]): void {
    this.#mirrors = mirrors;
    this.changed();
  }

  line(text: string): void {
    const stamped = `${new Date().toISOString()} ${printable(text)}`;
    if (this.#options.live) this.#options.live.above(stamped);
    else this.#options.write(`${stamped}\n`);
  }

  changed = (): void => {
    const { live } = this.#options;
    if (live) this.#timer ??= setTimeout(() => this.#draw(live), DRAW_AFTER_MS);
    else {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#summarise(), STILL_AFTER_MS);
    }
  };

  /** The last line. */
  end(text: string): void {
    this.close();
    this.line(text);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#options.live?.clear();
  }

  #draw(live: LiveBlock): void {
    this.#timer = undefined;
    const rows = this.#mirrors.map(({ from, to, state }) => [
      from.label,
      to.label,
      `${state.mirrored}`,
      `${state.services}`,
      `${state.thereAlready}`,
      this.#situation(from.presence) ||
        this.#situation(to.presence) ||
        (state.missing > 0 ? `${state.missing} missing` : 'in step'),
    ]);
    const table = renderTable(['FROM', 'TO', 'MIRRORED', 'SERVICES', 'THERE', 'STATE'], rows, { flexible: 0 });
    const failures = this.#mirrors
      .flatMap(({ state }) => state.failing)
      .slice(0, MOST_FAILURES)
      .map(printable);
    live.show(['', ...table.split('\n'), ...failures]);
  }

  #summarise(): void {
    const summary = this.#mirrors
      .map(({ from, to, state: { mirrored, services, thereAlready } }) => {
        const own = thereAlready > 0 ? `, ${thereAlready} were there already` : '';
        return `${from.label} -> ${to.label}: ${mirrored} instances of ${services} services${own}`;
      })
      .join('; ');
    if (summary !== this.#summary) this.line(summary);
    this.#summary = summary;
  }

  #situation({ awaySinceMs }: Presence): string {
    if (awaySinceMs === undefined) return '';
    return `away since ${new Date(awaySinceMs).toISOString().slice(11, 19)}`;
  }
}
