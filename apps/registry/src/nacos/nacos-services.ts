import { Injectable } from '@nestjs/common';
import { RegistryState } from '../domain/registry-state.ts';
import type { ServiceRecord } from '../domain/service-record.ts';
import { clusterOf, isEnabled, isOfNacos, type NacosJson, nacosJson } from './nacos-instance.ts';
import { groupedName, type NacosName, nacosName, registryName } from './nacos-name.ts';
import type { NacosInstance, NacosPlace } from './nacos-parameters.ts';
import { idOf, toRegistration } from './nacos-registration.ts';

/** What a client is told of a service: `clusters` as it asked, for it keeps what it knows under that. */
export interface NacosService {
  name: string;
  groupName: string;
  clusters: string;
  cacheMillis: number;
  hosts: NacosJson[];
  lastRefTime: number;
  [more: string]: unknown;
}

/** Which instances of a service are wanted. */
export interface Wanted {
  name: NacosName;
  /** Names with commas between them; all when empty. */
  clusters: string;
  healthyOnly?: boolean;
}

/** What the state knows as Nacos sees it, and what Nacos' clients say of it. */
@Injectable()
export class NacosServices {
  #lastRefTime = 0;

  constructor(private readonly state: RegistryState) {}

  /** @param cacheMillis after how long the client is to ask again */
  service({ name, clusters, healthyOnly }: Wanted, cacheMillis: number): NacosService {
    const wanted = clusters.split(',').filter(Boolean);
    const hosts = this.state.services
      .ofName(registryName(name))
      .filter((record) => isEnabled(record) && (wanted.length === 0 || wanted.includes(clusterOf(record))))
      .map((record) => this.json(record))
      .filter(({ healthy }) => healthy || !healthyOnly);
    const grouped = groupedName(name);
    return {
      ...{ name: grouped, dom: grouped, groupName: name.group, clusters, cacheMillis, hosts },
      lastRefTime: this.nextRefTime(),
      ...{ checksum: '', useSpecifiedURL: false, env: '', metadata: {} },
      ...{ protectThreshold: 0, allIPs: false, reachProtectionThreshold: false, valid: true },
    };
  }

  /** The same as clients from 2.0 on have it: the name without its group. */
  plainService(wanted: Wanted, cacheMillis: number): NacosService {
    return { ...this.service(wanted, cacheMillis), name: wanted.name.service };
  }

  /** Grows with every use, as clients tell the newer of two answers, and one push from another. */
  nextRefTime(): number {
    this.#lastRefTime = Math.max(Date.now(), this.#lastRefTime + 1);
    return this.#lastRefTime;
  }

  json(record: ServiceRecord): NacosJson {
    return nacosJson(record, this.state.services.checksOf(record.id));
  }

  /** Names of the services of one group, without it. */
  names(namespace: string, group: string): string[] {
    return [...this.state.services.names().keys()]
      .map(nacosName)
      .filter((name) => name.namespace === namespace && name.group === group)
      .map(({ service }) => service);
  }

  count(): { serviceCount: number; instanceCount: number } {
    const { services } = this.state;
    return { serviceCount: services.names().size, instanceCount: services.all().length };
  }

  find(name: NacosName, { ip, port, cluster }: NacosPlace): ServiceRecord | undefined {
    return this.state.services
      .ofName(registryName(name))
      .find((record) => record.address === ip && record.port === port && clusterOf(record) === cluster);
  }

  /** The same of those that registered here: whether another protocol's instance is well, its own heartbeat says. */
  findOwn(name: NacosName, place: NacosPlace): ServiceRecord | undefined {
    const found = this.find(name, place);
    return found && isOfNacos(found) ? found : undefined;
  }

  /** Answers its id: its own, unless another service's instance has that. */
  register(name: NacosName, instance: NacosInstance, { isHeld = false } = {}): string {
    const registration = toRegistration(name, instance, isHeld);
    const holder = this.state.services.get(registration.id);
    const id = holder && holder.name !== registration.name ? idOf(name, instance) : registration.id;
    this.state.services.register({ ...registration, id });
    return id;
  }

  /** The instance whose lease it has renewed; undefined when nobody registered it here. */
  beat(name: NacosName, place: NacosPlace): ServiceRecord | undefined {
    const record = this.findOwn(name, place);
    if (record) this.renew(record.id);
    return record;
  }

  /** The lease of an instance that registered here, where it has one. */
  renew(id: string): void {
    const record = this.state.services.get(id);
    if (!record) return;
    for (const check of this.state.services.checksOf(id)) {
      if (!check.probe) this.state.services.report(check.id, isEnabled(record) ? 'passing' : 'warning', '');
    }
  }

  deregister(name: NacosName, place: NacosPlace): void {
    const record = this.find(name, place);
    if (record) this.state.services.deregister(record.id);
  }
}
