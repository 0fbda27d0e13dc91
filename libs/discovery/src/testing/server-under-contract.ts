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

/** Where such a server speaks TLS itself. */
export function tlsAddressOf({ tlsPort }: { tlsPort?: number }): Address {
  if (tlsPort === undefined) throw new Error('The server was started without TLS.');
  return { host: '127.0.0.1', port: tlsPort };
}

/** `ca-file=…` and so on, and the scheme's suffix for TLS; nothing for a plain connection. */
export function tlsOf({ tls }: ClientOptions, suffix = '+tls'): { suffix: string; parameters: string } {
  const files = { 'ca-file': tls?.caFile, 'cert-file': tls?.certFile, 'key-file': tls?.keyFile };
  const given = Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    suffix: tls ? suffix : '',
    parameters: given.map(([name, file]) => `&${name}=${encodeURIComponent(file)}`).join(''),
  };
}
