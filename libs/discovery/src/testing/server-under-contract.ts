import type { Address } from '@rookery/connections/testing';
import type { Registry } from '../discovery.ts';
import type { ClientOptions, RegistryServer } from './engine.ts';

/** A server that a spec has started and may hurt. */
interface OwnServer {
  url: string;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Such a server, as the contract drives it. */
export function serverUnderContract(
  server: OwnServer,
  createRegistry: (at: Address, options: ClientOptions) => Promise<Registry>,
): RegistryServer {
  const { hostname: host, port } = new URL(server.url);
  const address = { host, port: Number(port) };
  return {
    address,
    createRegistry: (at = address, options = {}) => createRegistry(at, options),
    async restartServer(whileDown) {
      await server.kill();
      await whileDown?.();
      await server.start();
    },
    stop: () => server.stop(),
  };
}

/** `ca-file=…` and the scheme's suffix for TLS; nothing for a plain connection. */
export const tlsOf = ({ tls }: ClientOptions, suffix = '+tls') => ({
  suffix: tls ? suffix : '',
  parameters: tls?.caFile === undefined ? '' : `&ca-file=${encodeURIComponent(tls.caFile)}`,
});
