import { isIPv6 } from 'node:net';
import type { Instance } from '@rookery/discovery';
import { isName, type RenderedService, wholeWeights, writable } from './rendered-service.ts';

export interface NginxOptions {
  /** Idle connections that each worker keeps to a service. */
  keepalive: number;
}

/** Shared memory for so many instances. */
const ZONE_KB = 128;
const ZONE_INSTANCES = 100;
/** A port where nobody listens: nginx refuses a group without a server. */
const NOBODY = '127.0.0.1:9';

/**
 * nginx upstream groups, one a service, and `<service>-grpc` where it serves gRPC. Each has a zone, so that all workers
 * share what they learn of an instance. The same instances always give the same text.
 */
export function nginxUpstreams(services: readonly RenderedService[], { keepalive }: NginxOptions): string {
  const groups = services
    .filter(({ name }) => isName(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name, instances }) => {
      const all = writable(instances);
      const grpc = all.filter(({ grpcPort }) => grpcPort !== undefined);
      const http = group(name, all, ({ port }) => port, keepalive);
      return grpc.length === 0 ? [http] : [http, group(`${name}-grpc`, grpc, ({ grpcPort }) => grpcPort, keepalive)];
    });
  return `# Written by rookery render nginx. Include it in the http block.\n${groups.join('')}`;
}

function group(
  name: string,
  instances: readonly Instance[],
  portOf: (instance: Instance) => number | undefined,
  keepalive: number,
): string {
  const weights = wholeWeights(instances);
  const servers = instances.map((instance, at) => {
    const host = isIPv6(instance.address) ? `[${instance.address}]` : instance.address;
    const weight = weights[at] === 0 ? ' down' : weights[at] === 1 ? '' : ` weight=${weights[at]}`;
    return `  server ${host}:${portOf(instance)}${weight};\n`;
  });
  const zoneKb = ZONE_KB * Math.max(1, Math.ceil(servers.length / ZONE_INSTANCES));
  if (servers.length === 0) servers.push(`  server ${NOBODY} down;\n`);
  return `upstream ${name} {\n  zone ${name} ${zoneKb}k;\n${servers.join('')}  keepalive ${keepalive};\n}\n`;
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
