import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below those that the system gives to connections, so that none of them takes a port while its server is away. */
const [FIRST, LAST] = [12_000, 30_000];
const TRIES = 50;

/** TCP ports that nobody listens on at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePortWith());
  return [...ports];
}

/** A port that is free on all addresses, as are those at these distances from it: for a server that derives its ports. */
export async function freePortWith(...distances: number[]): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(FIRST, LAST);
    const free = await Promise.all([0, ...distances].map((distance) => isFree(port + distance)));
    if (free.every(Boolean)) return port;
  }
  throw new Error(`No port is free together with those at ${distances.join(', ')} from it.`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.once('error', () => resolve(false));
  server.listen(port, () => server.close(() => resolve(true)));
  return promise;
}
