import { isIPv6 } from 'node:net';
import type { Instance } from '@rookery/discovery';
import { isName, isPort, type RenderedService, wholeWeights, writable } from './rendered-service.ts';

export interface NginxOptions {
  /** Idle connections that each worker keeps to a service. */
  keepalive: number;
}

/** Shared memory for so many instances. */
const ZONE_KB = 128;
const ZONE_INSTANCES = 100;
/** A port where nobody listens: nginx refuses a group without a server. */
export const NOBODY = '127.0.0.1:9';

interface Group {
  name: string;
  /** Host, port and weight of each, a place once. */
  servers: ReadonlyMap<string, number>;
}

/**
 * nginx upstream groups, one a service, and `<service>-grpc` where it serves gRPC. Each has a zone, so that all workers
 * share what they learn of an instance. The same instances always give the same text. nginx refuses a name that comes twice,
 * in whatever case: the first has it, and a service before the gRPC of another.
 */
export function nginxUpstreams(services: readonly RenderedService[], { keepalive }: NginxOptions): string {
  const all = services
    .filter(({ name }) => isName(name))
    .sort(byName)
    .map(({ name, instances }) => ({ name, instances: writable(instances) }));
  const wanted = [
    ...all.map(({ name, instances }) => groupOf(name, instances, ({ port }) => port)),
    ...all.map(({ name, instances }) => groupOf(`${name}-grpc`, instances, ({ grpcPort }) => grpcPort)),
  ].filter(({ servers }, at) => at < all.length || servers.size > 0);
  const groups = new Map<string, Group>();
  const leftOut: string[] = [];
  for (const group of wanted) {
    const key = group.name.toLowerCase();
    if (groups.has(key)) leftOut.push(`# ${group.name} is left out: another group has its name.\n`);
    else groups.set(key, group);
  }
  const texts = [...groups.values()].sort(byName).map((group) => textOf(group, keepalive));
  return `# Written by rookery render nginx. Include it in the http block.\n${texts.join('')}${leftOut.join('')}`;
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

function groupOf(
  name: string,
  instances: readonly Instance[],
  portOf: (instance: Instance) => number | undefined,
): Group {
  const reachable = instances.filter((instance) => isPort(portOf(instance)));
  const weights = wholeWeights(reachable);
  const servers = new Map<string, number>();
  for (const [at, instance] of reachable.entries()) {
    const host = isIPv6(instance.address) ? `[${instance.address}]` : instance.address;
    const place = `${host}:${portOf(instance)}`;
    if (!servers.has(place)) servers.set(place, weights[at] ?? 1);
  }
  return { name, servers };
}

function textOf({ name, servers }: Group, keepalive: number): string {
  const zoneKb = ZONE_KB * Math.max(1, Math.ceil(servers.size / ZONE_INSTANCES));
  const lines = [...servers].map(([place, weight]) => {
    const share = weight === 0 ? ' down' : weight === 1 ? '' : ` weight=${weight}`;
    return `  server ${place}${share};\n`;
  });
  if (lines.length === 0) lines.push(`  server ${NOBODY} down;\n`);
  return `upstream ${name} {\n  zone ${name} ${zoneKb}k;\n${lines.join('')}  keepalive ${keepalive};\n}\n`;
}

/** nginx judges whole configurations only: one that holds nothing but the upstreams, and writes nowhere else. */
export const nginxAround = (text: string, folder: string): string => {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return [
    `pid ${folder}/nginx.pid;`,
    'error_log stderr;',
    'events {}',
    'http {',
    'access_log off;',
    ...paths.map((path) => `${path}_temp_path ${folder}/${path};`),
    `${text}}`,
    '',
  ].join('\n');
};
