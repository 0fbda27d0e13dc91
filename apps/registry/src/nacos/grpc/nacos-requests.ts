import { z } from 'zod';
import { Refusal } from '../../domain/refusal.ts';
import { type NacosName, registryName } from '../nacos-name.ts';
import { type Asked, instanceFrom, type NacosInstance, nameOf } from '../nacos-parameters.ts';
import type { NacosServices } from '../nacos-services.ts';
import type { NacosClient } from './nacos-client.ts';
import type { NacosClients } from './nacos-clients.ts';
import type { NacosMessage } from './nacos-payload.ts';

const OK = 200;
const FAILED = 500;
/** What Nacos' clients know to do something about: connect anew, log in anew; and what they cannot help. */
const CODES = { unregistered: 301, unknown: 302, forbidden: 403 };
const MOST_INSTANCES = 1_000;
const CACHE_MS = 10_000;

/** Who asks: the client, once its stream is there, and its token. */
export interface Asker {
  peer: string;
  client: NacosClient | undefined;
  mayPass: boolean;
}

type Body = Record<string, unknown>;
type Handler = (body: Body, name: NacosName, client: NacosClient) => NacosMessage;

/** What Nacos' clients from 2.0 on ask of the naming part of a server. */
export class NacosRequests {
  readonly #handlers: Readonly<Record<string, Handler>> = {
    InstanceRequest: (body, name, client) => this.#instance(body, name, client),
    PersistentInstanceRequest: (body, name, client) => this.#instance(body, name, client),
    BatchInstanceRequest: (body, name, client) => this.#batch(body, name, client),
    SubscribeServiceRequest: (body, name, client) => this.#subscribe(body, name, client),
    ServiceQueryRequest: (body, name) => this.#query(body, name),
    ServiceListRequest: (body, name) => this.#names(body, name),
  };

  constructor(
    private readonly services: NacosServices,
    private readonly clients: NacosClients,
  ) {}

  answer({ type, body }: NacosMessage, asker: Asker): NacosMessage {
    const requestId = body.requestId ?? null;
    try {
      const answer = this.#answer(type, body, asker);
      return { type: answer.type, body: { resultCode: OK, errorCode: 0, requestId, ...answer.body } };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status: errorCode, message } = error;
      return { type: 'ErrorResponse', body: { resultCode: FAILED, errorCode, message, requestId } };
    }
  }

  #answer(type: string, body: Body, { peer, client, mayPass }: Asker): NacosMessage {
    // Abilities are not negotiated: what a server before 3.0 can do is what this can do.
    if (type === 'ServerCheckRequest') return { type: 'ServerCheckResponse', body: { connectionId: peer } };
    if (!client) throw new Refusal(CODES.unregistered, 'Connection is unregistered.');
    if (type === 'HealthCheckRequest') return { type: 'HealthCheckResponse', body: {} };
    const handler = Object.hasOwn(this.#handlers, type) ? this.#handlers[type] : undefined;
    if (!handler) throw new Refusal(CODES.unknown, `RequestHandler Not Found: ${type.slice(0, 64)}`);
    if (!mayPass) throw new Refusal(CODES.forbidden, 'this registry asks for a token');
    const ask: Asked = (name) => textOf(body[name === 'namespaceId' ? 'namespace' : name]);
    return handler(
      body,
      nameOf(ask, ask('serviceName') ?? (type === 'ServiceListRequest' ? 'any' : undefined)),
      client,
    );
  }

  /** A connection has one registration of a service, which this is. */
  #instance(body: Body, name: NacosName, client: NacosClient): NacosMessage {
    const instance = instanceFrom(body.instance);
    const type = String(body.type);
    if (type === 'registerInstance') this.#register(name, [instance], client);
    else if (type !== 'deregisterInstance') throw new Refusal(400, `Unsupported request type ${type.slice(0, 64)}`);
    else if (instance.ephemeral) this.clients.publish(client, registryName(name), new Set());
    else this.services.deregister(name, instance);
    return { type: 'InstanceResponse', body: { type } };
  }

  #batch(body: Body, name: NacosName, client: NacosClient): NacosMessage {
    const given = z.array(z.unknown()).max(MOST_INSTANCES).safeParse(body.instances);
    if (!given.success) throw new Refusal(400, `instances: expected at most ${MOST_INSTANCES}`);
    this.#register(name, given.data.map(instanceFrom), client);
    return { type: 'BatchInstanceResponse', body: { type: body.type ?? null } };
  }

  #register(name: NacosName, instances: readonly NacosInstance[], client: NacosClient): void {
    const held = instances.flatMap((instance) => {
      const id = this.services.register(name, instance, { isHeld: instance.ephemeral });
      return instance.ephemeral ? [id] : [];
    });
    if (held.length > 0 || instances.length === 0) this.clients.publish(client, registryName(name), new Set(held));
  }

  #subscribe(body: Body, name: NacosName, client: NacosClient): NacosMessage {
    const wanted = { name, clusters: textOf(body.clusters) ?? '' };
    if (body.subscribe === false) client.unsubscribe(wanted);
    else if (!client.subscribe(wanted)) throw new Refusal(FAILED, 'too many subscriptions of one connection');
    return { type: 'SubscribeServiceResponse', body: { serviceInfo: this.services.plainService(wanted, CACHE_MS) } };
  }

  #query(body: Body, name: NacosName): NacosMessage {
    const wanted = { name, clusters: textOf(body.cluster) ?? '', healthyOnly: body.healthyOnly === true };
    return { type: 'QueryServiceResponse', body: { serviceInfo: this.services.plainService(wanted, CACHE_MS) } };
  }

  #names(body: Body, { namespace, group }: NacosName): NacosMessage {
    const [page, size] = [numberOf(body.pageNo, 1), Math.min(numberOf(body.pageSize, 20), MOST_INSTANCES)];
    const names = this.services.names(namespace, group);
    const serviceNames = names.slice((page - 1) * size, page * size);
    return { type: 'ServiceListResponse', body: { count: names.length, serviceNames } };
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const numberOf = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : otherwise;
