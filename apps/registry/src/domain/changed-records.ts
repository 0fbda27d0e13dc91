export type RecordKind = 'services' | 'checks' | 'keys' | 'sessions';

/** Ids of the records that changed, came or went since they were last taken. */
export type ChangedIds = Readonly<Record<RecordKind, ReadonlySet<string>>>;

/** Hears of each record that is not as it was last written down. */
export type MarkChanged = (kind: RecordKind, id: string) => void;

const none = () => ({
  services: new Set<string>(),
  checks: new Set<string>(),
  keys: new Set<string>(),
  sessions: new Set<string>(),
});

/** Collects what is to be written down; a record that changes twice is written once. */
export class ChangedRecords {
  #ids = none();

  readonly mark: MarkChanged = (kind, id) => {
    this.#ids[kind].add(id);
  };

  /** Hands out what came together, and begins anew; undefined when nothing changed. */
  take(): ChangedIds | undefined {
    const ids = this.#ids;
    if (Object.values(ids).every(({ size }) => size === 0)) return undefined;
    this.#ids = none();
    return ids;
  }
}
