import { createServer } from 'node:net';
import { createLogger } from '@rookery/observability';

/** Ends the process with one sentence when the port is taken, before anything is built up. */
export async function requireFreePort(host: string, port: number): Promise<void> {
  if (!(port > 0) || (await isFree(host, port))) return;
  const reason = `Port ${port} on ${host} is taken, so registry cannot start. Stop the program that holds it, or set REGISTRY_PORT to a free port.`;
  createLogger({ service: 'registry' }).fatal({ code: 'REGISTRY_PORT_TAKEN', reason }, 'start failed');
  process.exit(1);
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'));
  server.listen({ host, port, exclusive: true }, () => resolve(true));
  const free = await promise;
  if (server.listening) await new Promise((closed) => server.close(closed));
  return free;
}
