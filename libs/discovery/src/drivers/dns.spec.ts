import { type DnsServer, hasDns, startOwnDns } from '@rookery/servers';
import { describe, expect, it } from 'vitest';
import { createRegistry } from '../create-registry.ts';
import type { Instance } from '../discovery.ts';
import { registryContract } from '../testing/contract.ts';
import { serverUnderContract } from '../testing/server-under-contract.ts';

const TEMPLATES = 'http=_http._tcp.{service}.internal&grpc=_grpc._tcp.{service}.internal';

/** What an administrator, or a registry with a DNS interface, would write for the instance. */
function recordsOf({ id, service, address, port, grpcPort }: Instance): string[] {
  const target = id.split(':')[0];
  return [
    `srv-host=_http._tcp.${service}.internal,${target},${port},0,0`,
    ...(grpcPort === undefined ? [] : [`srv-host=_grpc._tcp.${service}.internal,${target},${grpcPort},0,0`]),
    `host-record=${target},${address}`,
    `ptr-record=_services.internal,${service}.internal`,
  ];
}

describe.skipIf(!hasDns)('with a real DNS server', () => {
  registryContract('DNS SRV (dnsmasq)', {
    cannot: [
      ...(['register', 'metadata', 'weight', 'zone', 'lease', 'push'] as const),
      ...(['network', 'tls', 'client-certificate', 'namespace', 'credentials'] as const),
    ],
    instanceAddress: '10.1.2.3',
    idOf: ({ id, port }) => `${id}:${port}`,
    async start() {
      const dns = (await startOwnDns()) as DnsServer;
      const published = new Map<string, Instance>();
      const write = () => dns.set([...published.values()].flatMap(recordsOf));
      return {
        ...serverUnderContract(dns, ({ host, port }) =>
          createRegistry(`dns://${host}:${port}?${TEMPLATES}&every=100ms&list=_services.internal`),
        ),
        async publish(instance) {
          published.set(instance.id, instance);
          await write();
          return {
            async release() {
              if (published.delete(instance.id)) await write();
            },
          };
        },
      };
    },
  });
});

describe('dns://', () => {
  it('says what is wrong with its URL', async () => {
    await expect(createRegistry('dns://127.0.0.1')).rejects.toThrow('http does not contain {service}');
    await expect(createRegistry('dns://127.0.0.1?http=a')).rejects.toThrow('http does not contain {service}');
    await expect(createRegistry(`dns://localhost?${TEMPLATES}`)).rejects.toThrow('localhost is none');
  });

  it('says that its server does not answer', async () => {
    const registry = await createRegistry(`dns://127.0.0.1:1?${TEMPLATES}`);
    await expect(registry.instances('a')).rejects.toMatchObject({
      code: 'DISCOVERY_UNREACHABLE',
      message: 'The registry at 127.0.0.1:1 (DISCOVERY_URL) does not answer: connection refused.',
    });
    await registry.close();
  });
});
