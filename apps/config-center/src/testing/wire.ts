import { connect, createServer, type Socket } from 'node:net';

/**
 * What lies between a service and the centre: a TCP proxy that takes the targets in turn, leaves out those that are gone,
 * and can be made to swallow every byte without a word, as a dead router does.
 */
export async function startWire(...targetPorts: readonly [number, ...number[]]) {
  const pairs = new Set<readonly [Socket, Socket]>();
  const gone = new Set<number>();
  let turn = 0;
  const server = createServer((near) => {
    const there = targetPorts.filter((port) => !gone.has(port));
    const target = there[turn++ % there.length] ?? targetPorts[0];
    const far = connect(target, '127.0.0.1');
    const pair = [near, far] as const;
    pairs.add(pair);
    near.pipe(far).pipe(near);
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.on('close', () => {
        for (const each of pair) each.destroy();
        pairs.delete(pair);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the wire has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    /** From now on nobody is sent to this target, and who is there is cut off. */
    leaveOut(port: number): void {
      gone.add(port);
      for (const [near, far] of pairs) if (far.remotePort === port) near.destroy();
    },
    /** What is connected now stays open and carries nothing any more; new connections are whole. */
    swallow(): void {
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        near.resume();
        far.resume();
      }
    },
    async close(): Promise<void> {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
