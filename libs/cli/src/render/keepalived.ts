import { isIP } from 'node:net';
import type { Instance } from '@rookery/discovery';
import { isName, type RenderedService, wholeWeights, writable } from './rendered-service.ts';

/** Where clients find a service. */
export interface VirtualServer {
  service: string;
  address: string;
  port: number;
}

export interface KeepalivedOptions {
  virtual: readonly VirtualServer[];
  kind: 'NAT' | 'DR' | 'TUN';
  /** IPVS' scheduler: wlc is fewest connections by weight. */
  scheduler: string;
  /** What keepalived asks each instance; a connection alone when not given. */
  path: string | undefined;
}

/**
 * LVS virtual servers for keepalived, which also checks the instances by itself. LVS takes addresses, no names: an
 * instance that has a name is left out, and so is one on another port where packets are not rewritten (DR, TUN), or with an
 * address of the other IP version where they are not wrapped (NAT, DR).
 */
export function keepalivedServers(services: readonly RenderedService[], options: KeepalivedOptions): string {
  const blocks = options.virtual.map((virtual) => {
    const found = services.find(({ name }) => name === virtual.service && isName(name));
    const instances = writable(found?.instances ?? [])
      .filter(isFirstOfItsPlace)
      .filter(({ address, port }) => {
        const isReached = options.kind === 'TUN' ? isIP(address) > 0 : isIP(address) === isIP(virtual.address);
        return isReached && (options.kind === 'NAT' || port === virtual.port);
      });
    // keepalived refuses a virtual server that has nobody behind it.
    if (instances.length === 0) return `# ${virtual.service} has no instance that can stand here\n`;
    const weights = wholeWeights(instances);
    const servers = instances.map(({ address, port }, at) =>
      [
        `  real_server ${address} ${port} {`,
        `    weight ${weights[at]}`,
        ...check(options.path).map((line) => `    ${line}`),
        '  }',
      ].join('\n'),
    );
    return [
      `# ${virtual.service}`,
      `virtual_server ${virtual.address} ${virtual.port} {`,
      '  delay_loop 2',
      `  lb_algo ${options.scheduler}`,
      `  lb_kind ${options.kind}`,
      '  protocol TCP',
      ...servers,
      '}',
      '',
    ].join('\n');
  });
  return `# Written by rookery render keepalived. Include it in keepalived.conf.\n${blocks.join('')}`;
}

const isFirstOfItsPlace = ({ address, port }: Instance, at: number, all: readonly Instance[]): boolean =>
  all.findIndex((other) => other.address === address && other.port === port) === at;

const check = (path: string | undefined): string[] =>
  path === undefined
    ? ['TCP_CHECK {', '  connect_timeout 2', '}']
    : [
        'HTTP_GET {',
        '  url {',
        `    path ${path}`,
        '    status_code 200',
        '  }',
        '  connect_timeout 2',
        '  retry 1',
        '}',
      ];
