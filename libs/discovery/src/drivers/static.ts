/**
 * Engine: none, a fixed list in the URL: `static:catalog=127.0.0.1:3000+4000,orders=10.0.0.7:3000`.
 * `+4000` is the gRPC port; a name that comes twice has two instances. It notices nothing: an instance that dies stays
 * in the list, and registering changes nothing.
 */
import type { Instance, Registry } from '../discovery.ts';
import { discoveryErrors } from '../errors.ts';

const ENTRY = /^([a-z0-9][a-z0-9_.-]*)=(\[[0-9a-f:.]+\]|[^:[\]]+):(\d{1,5})(?:\+(\d{1,5}))?$/i;

export function createStaticRegistry(url: string): Registry {
  const byService = Map.groupBy(parse(url), ({ service }) => service);
  const names = [...byService.keys()].sort();
  const of = (service: string): Instance[] => byService.get(service) ?? [];
  const ready = Promise.resolve();
  return {
    register: async (instance) => ({ instance, release: async () => {} }),
    services: async () => [...names],
    instances: async (service) => [...of(service)],
    watch(service, listener) {
      const current = of(service);
      queueMicrotask(() => listener(current));
      return { current, ready, close() {} };
    },
    watchServices(listener) {
      queueMicrotask(() => listener(names));
      return { ready, close() {} };
    },
    async close() {},
  };
}

function parse(url: string): Instance[] {
  const entries = url
    .slice('static:'.length)
    .split(',')
    .map((entry) => entry.trim());
  return entries.filter(Boolean).map((entry) => {
    const [, service = '', host = '', port = '', grpcPort] = ENTRY.exec(entry) ?? [];
    if (service === '') throw discoveryErrors.badUrl(url, `"${entry}" is not of the form name=host:port+grpcPort`);
    if ([port, grpcPort ?? port].some((text) => Number(text) < 1 || Number(text) > 65_535)) {
      throw discoveryErrors.badUrl(url, `"${entry}" has a port outside 1 to 65535`);
    }
    return {
      id: `${service}@${host}:${port}`,
      service,
      address: host.replace(/^\[|\]$/g, ''),
      port: Number(port),
      ...(grpcPort === undefined ? {} : { grpcPort: Number(grpcPort) }),
      weight: 1,
      metadata: {},
    };
  });
}
