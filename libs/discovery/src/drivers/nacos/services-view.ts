import type { NacosMessage } from '@rookery/connections/nacos';
import type { DiscoveryLog } from '../../log.ts';
import type { NacosNaming } from './nacos-naming.ts';
import type { NacosSubscriptions } from './nacos-subscriptions.ts';
import { NacosUpkeep } from './nacos-upkeep.ts';

/** For servers that do not push names, or not all of them: Nacos 3 pushes the first 500. */
const EVERY_MS = 10_000;
const JITTER = 0.2;

/** Names of the services that have an instance: the server knows those of all, and each one's instances are watched. */
export class ServicesView extends NacosUpkeep {
  /** Whether each known service has instances; undefined before its first answer. */
  readonly #filled = new Map<string, boolean | undefined>();
  readonly #watches = new Map<string, { close(): void }>();
  #listed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly naming: NacosNaming,
    private readonly subscriptions: NacosSubscriptions,
    private readonly tell: (names: readonly string[]) => void,
    log: DiscoveryLog | undefined,
  ) {
    super(naming.connection, 'watch of the services', log);
    this.keep();
  }

  override connected(): void {
    this.naming.subscribeNames().catch(() => {});
    super.connected();
  }

  override pushed({ type }: NacosMessage): void {
    if (type === 'NamingFuzzyWatchChangeNotifyRequest') this.refresh();
  }

  override close(): void {
    clearTimeout(this.#timer);
    for (const watch of this.#watches.values()) watch.close();
    super.close();
  }

  protected override async say(): Promise<void> {
    clearTimeout(this.#timer);
    const names = new Set(await this.naming.names());
    if (this.closed) return;
    this.#listed = true;
    for (const [name, watch] of this.#watches) if (!names.has(name)) this.#leave(name, watch);
    for (const name of names) if (!this.#watches.has(name)) this.#watch(name);
    this.#tell();
    this.#timer = setTimeout(() => this.refresh(), EVERY_MS * (1 - JITTER * Math.random()));
  }

  #watch(name: string): void {
    this.#filled.set(name, undefined);
    const watch = this.subscriptions.watch(name, (instances) => {
      this.#filled.set(name, instances.length > 0);
      this.#tell();
    });
    this.#watches.set(name, watch);
  }

  #leave(name: string, watch: { close(): void }): void {
    watch.close();
    this.#watches.delete(name);
    this.#filled.delete(name);
  }

  #tell(): void {
    const known = [...this.#filled];
    if (!this.#listed || known.some(([, filled]) => filled === undefined)) return;
    this.tell(known.flatMap(([name, filled]) => (filled ? [name] : [])).sort());
  }
}
