import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Passes connections to one address of this host on to a loopback port; answers what ends them. */
export async function forward(host: string, port: number, to: number): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  const server = createServer((from) => {
    const there = connect(to, '127.0.0.1');
    for (const [one, other] of [
      [from, there],
      [there, from],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(port, host);
  await once(server, 'listening');
  return async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
}
