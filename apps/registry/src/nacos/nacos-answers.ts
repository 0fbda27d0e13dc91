import { Inject, Injectable } from '@nestjs/common';
import { Refusal } from '../domain/refusal.ts';
import type { Request } from '../http/exchange.ts';
import { groupedName } from './nacos-name.ts';
import { type Asked, asked, beatOf, instanceOf, nameOf, placeOf } from './nacos-parameters.ts';
import { heartbeatTimes } from './nacos-registration.ts';
import { type NacosService, NacosServices } from './nacos-services.ts';
import { UdpPush } from './push/udp-push.ts';

/** Codes in the answer to a heartbeat. */
const BEAT = { taken: 10_200, unknown: 20_404 };
const BEAT_INTERVAL_MS = 5_000;
/** After how long clients ask again: those that changes are pushed to, and the others. */
const CACHE_MS = { pushed: 10_000, asked: 3_000 };
const MOST_NAMES = 1_000;

/** What both versions of Nacos' open API answer; they differ in what they put around it. */
@Injectable()
export class NacosAnswers {
  constructor(
    @Inject(NacosServices) private readonly services: NacosServices,
    @Inject(UdpPush) private readonly push: UdpPush,
  ) {}

  register(request: Request): void {
    const ask = asked(request);
    this.services.register(nameOf(ask), instanceOf(ask));
  }

  update(request: Request): void {
    const ask = asked(request);
    const [name, instance] = [nameOf(ask), instanceOf(ask)];
    if (!this.services.findOwn(name, instance))
      throw new Refusal(404, `instance not found: ${instance.ip}:${instance.port}`);
    this.services.register(name, instance);
  }

  deregister(request: Request): void {
    const ask = asked(request);
    this.services.deregister(nameOf(ask), placeOf(ask));
  }

  /**
   * A light heartbeat of an instance that nobody knows is answered so that its client registers anew; one that says all of
   * the instance registers it.
   */
  beat(request: Request): { clientBeatInterval: number; code: number; lightBeatEnabled: boolean } {
    const ask = asked(request);
    const [name, described] = [nameOf(ask), beatOf(ask)];
    const place = described ?? placeOf(ask);
    if (described && !this.services.find(name, place)) this.services.register(name, described);
    const record = this.services.beat(name, place);
    const own = record && heartbeatTimes(this.services.json(record).metadata).intervalMs;
    return {
      clientBeatInterval: own ?? BEAT_INTERVAL_MS,
      code: record ? BEAT.taken : BEAT.unknown,
      lightBeatEnabled: true,
    };
  }

  detail(request: Request) {
    const ask = asked(request);
    const [name, place] = [nameOf(ask), placeOf(ask)];
    const record = this.services.find(name, place);
    if (!record) throw new Refusal(404, 'no matched ip found!');
    const { ip, port, clusterName, weight, healthy, instanceId, metadata } = this.services.json(record);
    return { serviceName: groupedName(name), ip, port, clusterName, weight, healthy, instanceId, metadata };
  }

  async list(request: Request): Promise<NacosService> {
    const ask = asked(request);
    const wanted = { name: nameOf(ask), clusters: ask('clusters') ?? ask('clusterName') ?? '' };
    const isPushed = await this.push.subscribe(request.raw.socket.remoteAddress, portOf(ask), wanted);
    const healthyOnly = ask('healthyOnly') === 'true';
    return this.services.service({ ...wanted, healthyOnly }, isPushed ? CACHE_MS.pushed : CACHE_MS.asked);
  }

  names(request: Request): { count: number; names: string[] } {
    const ask = asked(request);
    const [page, size] = [pageOf(ask, 'pageNo', 1), Math.min(pageOf(ask, 'pageSize', 20), MOST_NAMES)];
    const { namespace, group } = nameOf(ask, 'any');
    const names = this.services.names(namespace, group);
    return { count: names.length, names: names.slice((page - 1) * size, page * size) };
  }

  service(request: Request) {
    const name = nameOf(asked(request));
    const { hosts } = this.services.service({ name, clusters: '' }, CACHE_MS.asked);
    if (hosts.length === 0) throw new Refusal(404, `service ${groupedName(name)} is not found!`);
    const clusters = [...new Set(hosts.map(({ clusterName }) => clusterName))];
    return {
      ...{ namespaceId: name.namespace, groupName: name.group, name: name.service },
      ...{ protectThreshold: 0, metadata: {}, selector: { type: 'none' } },
      clusters: clusters.map((cluster) => ({ name: cluster, healthChecker: { type: 'TCP' }, metadata: {} })),
    };
  }

  metrics() {
    return { status: 'UP', ...this.services.count() };
  }
}

/** `udpPort` of v1, `port` of v2; 0 for whoever wants no pushes. */
const portOf = (ask: Asked): number => {
  const port = Number(ask('udpPort') ?? ask('port') ?? 0);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : 0;
};

function pageOf(ask: Asked, name: string, otherwise: number): number {
  const text = ask(name) ?? String(otherwise);
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Refusal(400, `Param '${name}' is no number from 1.`);
  return Number(text);
}
