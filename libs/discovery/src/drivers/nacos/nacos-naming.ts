import type { NacosConnection } from '@rookery/connections/nacos';
import type { Instance } from '../../discovery.ts';
import { type NacosInstance, type NacosService, toInstances, toNacos } from './nacos-instance.ts';

const PAGE = 500;
/** Services that are asked about at once. */
const AT_ONCE = 16;

/** Nacos' naming requests, in one namespace and group. */
export class NacosNaming {
  constructor(
    readonly connection: NacosConnection,
    private readonly namespace: string,
    readonly group: string,
  ) {}

  /** Whom a service has, as the server knows it now. */
  async instances(service: string): Promise<Instance[]> {
    const body = { ...this.#of(service), cluster: '', healthyOnly: true, udpPort: 0 };
    const { serviceInfo } = await this.connection.ask<{ serviceInfo?: NacosService }>(
      'ServiceQueryRequest',
      body,
      `list the instances of ${service}`,
    );
    return toInstances(serviceInfo ?? { hosts: [] }, service);
  }

  /** Every name that the server knows, also of services that nobody runs any more: it keeps those for a minute. */
  async names(): Promise<string[]> {
    const names = new Set<string>();
    for (let pageNo = 1; ; pageNo++) {
      const { count = 0, serviceNames = [] } = await this.connection.ask<{ count?: number; serviceNames?: string[] }>(
        'ServiceListRequest',
        { ...this.#of(''), pageNo, pageSize: PAGE },
        'list the services',
      );
      for (const name of serviceNames) names.add(name.replace(/^.*@@/, ''));
      if (serviceNames.length < PAGE || pageNo * PAGE >= count) return [...names].sort();
    }
  }

  /** The names of services that have an instance. */
  async services(): Promise<string[]> {
    const names = await this.names();
    const found: string[] = [];
    const left = names.values();
    const look = async (): Promise<void> => {
      for (const name of left) if ((await this.instances(name)).length > 0) found.push(name);
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, names.length) }, look));
    return found.sort();
  }

  /** A connection has one registration of a service, which names all instances that came through it. */
  async publish(service: string, instances: readonly Instance[], what: string): Promise<void> {
    const [first, ...others] = instances.map(toNacos);
    if (!first) return;
    if (others.length === 0) await this.#instance('registerInstance', service, first, what);
    else {
      const body = { ...this.#of(service), type: 'batchRegisterInstance', instances: [first, ...others] };
      await this.connection.ask('BatchInstanceRequest', body, what);
    }
  }

  /** Takes that registration back. @param last one of the instances that it named */
  async withdraw(service: string, last: Instance): Promise<void> {
    await this.#instance('deregisterInstance', service, toNacos(last), `deregister ${last.id}`);
  }

  /** Answers what the service has now; changes are pushed from then on. */
  async subscribe(service: string): Promise<NacosService> {
    const body = { ...this.#of(service), subscribe: true, clusters: '' };
    const what = `watch the instances of ${service}`;
    const answer = await this.connection.ask<{ serviceInfo?: NacosService }>('SubscribeServiceRequest', body, what);
    return answer.serviceInfo ?? { name: service, groupName: this.group, lastRefTime: 0, hosts: [] };
  }

  async unsubscribe(service: string): Promise<void> {
    const body = { ...this.#of(service), subscribe: false, clusters: '' };
    await this.connection.ask('SubscribeServiceRequest', body, `stop watching the instances of ${service}`);
  }

  /** From then on a name that comes or goes is pushed; refused by servers before 3.0. */
  async subscribeNames(): Promise<void> {
    const body = {
      namespace: this.namespace,
      groupKeyPattern: `${this.namespace}>>${this.group}>>*`,
      receivedGroupKeys: [],
      watchType: 'WATCH',
      initializing: true,
      module: 'naming',
    };
    await this.connection.ask('NamingFuzzyWatchRequest', body, 'watch the services');
  }

  async #instance(type: string, service: string, instance: NacosInstance, what: string): Promise<void> {
    await this.connection.ask('InstanceRequest', { ...this.#of(service), type, instance }, what);
  }

  #of(serviceName: string) {
    return { namespace: this.namespace, serviceName, groupName: this.group, module: 'naming' };
  }
}
