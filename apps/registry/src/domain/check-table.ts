import type { CheckRecord } from './service-record.ts';

/** The checks of the instances, by their ids, by their instance, and those that the registry runs itself. */
export class CheckTable {
  readonly #checks = new Map<string, CheckRecord>();
  readonly #probed = new Map<string, CheckRecord>();
  readonly #ofService = new Map<string, Set<string>>();

  get(id: string): CheckRecord | undefined {
    return this.#checks.get(id);
  }

  all(): Iterable<CheckRecord> {
    return this.#checks.values();
  }

  probed(): Iterable<CheckRecord> {
    return this.#probed.values();
  }

  of(serviceId: string): CheckRecord[] {
    return [...(this.#ofService.get(serviceId) ?? [])].flatMap((id) => this.#checks.get(id) ?? []);
  }

  put(check: CheckRecord): void {
    this.#checks.set(check.id, check);
    if (check.probe) this.#probed.set(check.id, check);
    else this.#probed.delete(check.id);
    addTo(this.#ofService, check.serviceId, check.id);
  }

  /** Removes those of an instance; answers their ids. */
  removeOf(serviceId: string): string[] {
    const ids = this.of(serviceId).map(({ id }) => id);
    for (const id of ids) {
      this.#checks.delete(id);
      this.#probed.delete(id);
    }
    this.#ofService.delete(serviceId);
    return ids;
  }
}

/** Adds to the set under a key, which is made when it is the first. */
export function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  const known = map.get(key);
  if (known) known.add(value);
  else map.set(key, new Set([value]));
}
