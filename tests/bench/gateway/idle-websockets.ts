import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { residentBytes } from './processes.ts';

/** Opened side by side. */
const AT_ONCE = 50;
const SETTLE_MS = 200;
const OPEN_MS = 10_000;

/** The memory of a gateway that one idle WebSocket takes; some are opened and closed again before it is measured. */
export async function bytesEach(gateway: ChildProcess, port: number, count: number): Promise<number> {
  closeAll(await openAll(port, count / 10));
  await settled(gateway);
  const before = residentBytes(gateway);
  const sockets = await openAll(port, count);
  await settled(gateway);
  const after = residentBytes(gateway);
  closeAll(sockets);
  return (after - before) / count;
}

/** Resolves once the memory does not change any more. */
async function settled(gateway: ChildProcess): Promise<void> {
  for (let last = -1, now = residentBytes(gateway); now !== last; ) {
    last = now;
    await pause(SETTLE_MS);
    now = residentBytes(gateway);
  }
}

async function openAll(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count)
    sockets.push(
      ...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, () => open(port)))),
    );
  return sockets;
}

const closeAll = (sockets: readonly Socket[]) => {
  for (const socket of sockets) socket.destroy();
};

function open(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ port, host: '127.0.0.1' });
  socket.setTimeout(OPEN_MS, () => socket.destroy(new Error('a WebSocket was not opened in time')));
  socket.once('error', reject);
  socket.once('data', (answer) => {
    socket.setTimeout(0);
    socket.off('error', reject);
    socket.on('error', () => {});
    if (answer.toString('latin1').startsWith('HTTP/1.1 101')) resolve(socket);
    else reject(new Error(`a WebSocket was refused:\n${answer.toString('latin1')}`));
  });
  socket.write(
    `GET /api/catalog/live HTTP/1.1\r\nhost: bench\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  return promise;
}
