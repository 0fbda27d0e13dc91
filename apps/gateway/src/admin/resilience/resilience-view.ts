import type { Instance } from '@rookery/discovery';
import type { Gateway } from '../../gateway.ts';
import { GatewayResources } from './gateway-resources.ts';
import { InstanceReader } from './instance-reader.ts';
import { joined, type ResourceRow, type SeenInstance } from './resource-row.ts';

/** An instance whose resources are not shown, and why. */
export interface Missing {
  readonly service: string;
  readonly instance: string;
  readonly state: 'none' | 'unreachable' | 'unreadable' | 'too-many';
  readonly reason?: string;
}

/** Everything that `/admin/resilience` shows. */
export interface View {
  readonly at: string;
  readonly instances: number;
  readonly missing: readonly Missing[];
  readonly resources: readonly ResourceRow[];
}

const MAX_INSTANCES = 200;
/** Several who ask at once, and a stream beside them, are answered by one reading. */
const FRESH_MS = 500;

/** The resources of all instances that discovery knows, and of this gateway, joined. */
export class ResilienceView {
  readonly #gateway: Gateway;
  readonly #own: GatewayResources;
  readonly #reader = new InstanceReader();
  #latest: { view: Promise<View>; atMs: number } | undefined;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    this.#own = new GatewayResources(gateway);
  }

  now(): Promise<View> {
    const atMs = performance.now();
    if (!this.#latest || atMs - this.#latest.atMs > FRESH_MS) this.#latest = { view: this.#look(), atMs };
    return this.#latest.view;
  }

  async close(): Promise<void> {
    this.#own.close();
    await this.#reader.close();
  }

  async #look(): Promise<View> {
    // The gateway's own instances have no resources of services; this one adds what it knows.
    const instances = this.#gateway.targets
      .all()
      .flatMap((target) => (target.service === 'gateway' ? [] : target.instances));
    const asked = instances.slice(0, MAX_INSTANCES);
    const readings = await this.#reader.readAll(asked);
    const seen: SeenInstance[] = [{ service: 'gateway', instance: 'this one', resources: this.#own.all() }];
    const missing: Missing[] = instances.slice(MAX_INSTANCES).map((each) => ({ ...named(each), state: 'too-many' }));
    for (const [instance, reading] of readings) {
      if (reading.state === 'ok') seen.push({ ...named(instance), resources: reading.resources });
      else missing.push({ ...named(instance), ...reading });
    }
    return { at: new Date().toISOString(), instances: seen.length, missing, resources: joined(seen) };
  }
}

const named = ({ service, id }: Instance) => ({ service, instance: id });
