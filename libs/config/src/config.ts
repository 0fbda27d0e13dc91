import type { RookeryError } from '@rookery/observability';

/** Settings as a source gives them: a tree of plain JSON values. */
export type SettingsTree = { readonly [key: string]: unknown };

/** What a source holds at one moment. A higher version is newer; a watcher never goes back. */
export interface Snapshot {
  version: number;
  settings: SettingsTree;
  /** Its leaves are text: it was written in a format that knows nothing else. As {@link ConfigSource.text}. */
  text?: boolean;
  /** Set where the place did not answer and this is the copy that was kept on disk. */
  fromDisk?: boolean;
}

/** What an instance reports about a release that it was pushed. */
export interface AppliedReport {
  version: number;
  applied: boolean;
  /** Why not: path, expected, received; never the value of a secret. */
  reason?: string;
}

/**
 * The configuration port: one place that settings come from. Drivers: libs/config/src/drivers; each that can push passes
 * testing/contract.ts. Throws {@link RookeryError} `CONFIG_UNREACHABLE` when the place does not answer in time.
 */
export interface ConfigSource {
  /** Name for messages and logs: `environment`, `file /etc/orders.yaml`, `config-center http://…`. */
  readonly name: string;
  /** Its leaves are text, which the schema decides how to read: `"50"` is a number where a number is wanted. */
  readonly text?: boolean;
  load(): Promise<Snapshot>;
  /**
   * Calls back with each snapshot newer than the last one loaded or handed over; a burst may arrive as its newest only.
   * `onProblem` hears why the place cannot be read at the moment, once per outage. Sources that never change omit it.
   */
  watch?(listener: (snapshot: Snapshot) => void, onProblem?: (problem: RookeryError) => void): { close(): void };
  /** The last snapshot that was reported as applied, kept where it survives a restart; optional. */
  lastApplied?(): Promise<Snapshot | undefined>;
  /** Tells the place what became of a version; optional. */
  report?(report: AppliedReport): Promise<void>;
  close(): Promise<void>;
}
