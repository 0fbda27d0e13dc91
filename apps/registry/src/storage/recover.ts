import type { Changed, SavedState, StateChange } from '../domain/registry-state.ts';
import type { Journals } from './journal.ts';
import type { SnapshotFile } from './snapshot-file.ts';

export interface Recovered {
  /** Undefined where there was nothing. */
  state: SavedState | undefined;
  /** Of the journal that comes next. */
  nextJournal: number;
  /** What could not be read and is put aside. */
  damaged: { putAside: string; reason: string }[];
}

/** The state of the last run: the snapshot, and what the journals say after it. Reading a registry that runs changes nothing. */
export async function recover(snapshot: SnapshotFile, journals: Journals): Promise<Recovered> {
  const found = await snapshot.read();
  const numbers = await journals.numbers();
  const recovered: Recovered = {
    state: found.found === 'state' ? found.state : undefined,
    nextJournal: Math.max(0, ...numbers, found.found === 'state' ? found.journal : 0) + 1,
    damaged: [],
  };
  if (found.found === 'damage') {
    recovered.damaged.push({ putAside: found.putAside, reason: found.reason });
    // What they go on from is lost.
    for (const number of numbers) await journals.putAside(number);
    return recovered;
  }
  const tables = tablesOf(recovered.state);
  for (const number of numbers.filter((each) => found.found === 'nothing' || each >= found.journal)) {
    const { changes, damage } = await journals.read(number);
    for (const change of changes) tables.apply(change);
    if (damage === undefined) continue;
    recovered.damaged.push({ putAside: await journals.putAside(number), reason: damage });
    break;
  }
  recovered.state = tables.state();
  return recovered;
}

/** A saved state as maps, so that changes find their records. */
function tablesOf(saved: SavedState | undefined) {
  let isThere = saved !== undefined;
  let index = saved?.index ?? 0;
  const byId = <T extends { id: string }>(all: readonly T[] = []) => new Map(all.map((each) => [each.id, each]));
  const [services, checks, sessions] = [byId(saved?.services), byId(saved?.checks), byId(saved?.sessions)];
  const keys = new Map(saved?.keys.map((entry) => [entry.key, entry]));
  return {
    apply(change: StateChange): void {
      isThere = true;
      index = Math.max(index, change.index);
      put(services, change.services);
      put(checks, change.checks);
      put(keys, change.keys);
      put(sessions, change.sessions);
    },
    state: (): SavedState | undefined =>
      isThere
        ? {
            version: 1,
            index,
            services: [...services.values()],
            checks: [...checks.values()],
            keys: [...keys.values()],
            sessions: [...sessions.values()],
          }
        : undefined,
  };
}

function put<T>(records: Map<string, T>, changed: readonly Changed<T>[]): void {
  for (const [id, record] of changed) {
    if (record === null) records.delete(id);
    else records.set(id, record);
  }
}
