import type { SrvRecord } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ServerUrl } from '@rookery/connections';
import type { Instance } from '../../discovery.ts';
import { discoveryErrors } from '../../errors.ts';
import { toInstances } from './srv-instances.ts';

/** One try, and one more: together within the deadline of 2 s. */
const TRY_MS = 900;
const TRIES = 2;
/** There is no such name, or it has no record of that kind. */
const NOTHING = new Set(['ENOTFOUND', 'ENODATA']);

/** SRV records of both ports, and the addresses of their targets. */
export class SrvLookup {
  readonly #resolver = new Resolver({ timeout: TRY_MS, tries: TRIES });

  constructor(
    private readonly url: ServerUrl,
    private readonly httpName: (service: string) => string | undefined,
    private readonly grpcName: (service: string) => string | undefined,
  ) {
    const unnamed = url.endpoints.find(({ host }) => isIP(host) === 0);
    if (unnamed) throw url.bad(`a DNS server is named by its address, and ${unnamed.host} is none`);
    const servers = url.endpoints.map(({ host, port }) => `${isIP(host) === 6 ? `[${host}]` : host}:${port}`);
    this.#resolver.setServers(servers);
  }

  async instances(service: string): Promise<Instance[]> {
    const [http, grpc] = await Promise.all([this.#srv(this.httpName(service)), this.#srv(this.grpcName(service))]);
    const targets = [...new Set(http.map(({ name }) => name))];
    const addresses = await Promise.all(targets.map((target) => this.#address(target)));
    return toInstances(service, http, grpc, new Map(targets.map((target, at) => [target, addresses[at] ?? ''])));
  }

  /** First labels of what the PTR records of the name point at: `orders` of `orders.internal` and of `_orders._tcp.internal`. */
  async labels(name: string): Promise<string[]> {
    const targets = await this.#unlessNothing(this.#resolver.resolvePtr(name), []);
    return targets.map((target) => (target.split('.')[0] ?? '').replace(/^_/, '')).filter(Boolean);
  }

  close(): void {
    this.#resolver.cancel();
  }

  async #srv(name: string | undefined): Promise<SrvRecord[]> {
    return name === undefined ? [] : this.#unlessNothing(this.#resolver.resolveSrv(name), []);
  }

  /** IPv4 before IPv6; empty where the name has neither. */
  async #address(target: string): Promise<string> {
    if (isIP(target)) return target;
    const [v4] = await this.#unlessNothing(this.#resolver.resolve4(target), []);
    return v4 ?? (await this.#unlessNothing(this.#resolver.resolve6(target), []))[0] ?? '';
  }

  async #unlessNothing<T>(answer: Promise<T>, nothing: T): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      const { code = '', message } = error as { code?: string; message: string };
      if (NOTHING.has(code)) return nothing;
      throw discoveryErrors.unreachable(this.url.server, REASONS[code] ?? message, error);
    }
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ETIMEOUT: `no answer within ${TRY_MS * TRIES} ms`,
  ECONNREFUSED: 'connection refused',
  ESERVFAIL: 'it is there, but could not look the name up',
};
