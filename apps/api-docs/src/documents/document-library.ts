import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { isInternal, RegistryClient, type Watch } from '@rookery/discovery';
import { within } from '@rookery/observability';
import { SignIn } from '../sign-in.ts';
import { Gate } from './gate.ts';
import { type DocumentState, type ServedDocument, ServiceDocument } from './service-document.ts';

/** One line of the documentation centre. */
export interface ServiceEntry {
  name: string;
  title: string | undefined;
  /** Versions that run now; more than one while a release rolls out. */
  versions: string[];
  instances: number;
  document: DocumentState;
  /** For the platform only: no caller reaches it through the gateway. */
  internal: boolean;
  /** A document can be shown: the newest one, or the last good one of a service that is unreachable. */
  readable: boolean;
}

const LIMITS = { timeoutMs: 2_000, maxBytes: 4 * 1_048_576 };
const FRESH_MS = 5_000;
const READS_AT_ONCE = 4;
/** How long a list waits for documents that have never been read; later they stand in it as `waiting`. */
const FIRST_LOOK_MS = 1_000;
/** A registry with more services than this shows the first ones by name. */
const MAX_SERVICES = 500;

/** Every registered service and its OpenAPI document, as discovery pushes them. */
@Injectable()
export class DocumentLibrary implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #services = new Map<string, { document: ServiceDocument; watch: Watch }>();
  readonly #gate = new Gate(READS_AT_ONCE);
  #names: { close(): void } | undefined;

  constructor(
    private readonly registry: RegistryClient,
    private readonly signIn: SignIn,
  ) {}

  onApplicationBootstrap(): void {
    this.#names = this.registry.watchServices((names) => this.#servicesChanged(names));
  }

  onApplicationShutdown(): void {
    this.#names?.close();
    for (const { watch } of this.#services.values()) watch.close();
    this.#services.clear();
  }

  /** Every service that has instances, by name; waits a moment for the first read of those that are new. */
  async entries(): Promise<ServiceEntry[]> {
    await within(Promise.all([...this.#services.values()].map(({ document }) => document.refresh())), FIRST_LOOK_MS);
    return [...this.#services]
      .map(([name, { document }]) => entryOf(name, document))
      .filter(({ instances }) => instances > 0)
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  /** The document of a service; undefined where there is none, or none yet. */
  async find(service: string): Promise<ServedDocument | undefined> {
    const known = this.#services.get(service);
    await known?.document.refresh();
    return known?.document.served;
  }

  #servicesChanged(names: readonly string[]): void {
    const wanted = new Set([...names].sort().slice(0, MAX_SERVICES));
    for (const [name, { watch }] of this.#services) {
      if (wanted.has(name)) continue;
      watch.close();
      this.#services.delete(name);
    }
    for (const name of wanted) {
      if (this.#services.has(name)) continue;
      const document = new ServiceDocument({
        limits: LIMITS,
        freshMs: FRESH_MS,
        gate: this.#gate,
        nowMs: () => performance.now(),
        issuer: this.signIn.issuer,
      });
      const watch = this.registry.watch(name, (instances) => document.instancesChanged(instances));
      this.#services.set(name, { document, watch });
    }
  }
}

function entryOf(name: string, { instances, state, served }: ServiceDocument): ServiceEntry {
  const registered = instances.flatMap(({ metadata }) => (metadata.version ? [metadata.version] : []));
  const versions = registered.length > 0 ? registered : served?.version ? [served.version] : [];
  return {
    name,
    title: served?.title,
    versions: [...new Set(versions)].sort(),
    instances: instances.length,
    document: state,
    internal: instances.some(isInternal),
    readable: served !== undefined,
  };
}
