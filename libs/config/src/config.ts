/** Settings as a source gives them: a tree of plain JSON values. */
export type Settings = { readonly [key: string]: unknown };

/** What a source holds at one moment. A higher version is newer; a watcher never goes back. */
export interface Snapshot {
  version: number;
  settings: Settings;
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
  load(): Promise<Snapshot>;
  /** Calls back with each newer snapshot; sources that never change omit it. */
  watch?(listener: (snapshot: Snapshot) => void): { close(): void };
  /** Tells the place what became of a version; optional. */
  report?(report: AppliedReport): Promise<void>;
  close(): Promise<void>;
}
