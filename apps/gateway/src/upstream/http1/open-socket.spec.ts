import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { listen } from '../../testing/rig.ts';
import { openerFor } from './open-socket.ts';

it('a connection that was made while the process stood still is not late', async () => {
  const server = createServer();
  const port = await listen(server);
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = openerFor({ address: '127.0.0.1', port, connectTimeoutMs: 100 })({
    onConnect: () => resolve('connected'),
    onBytes: () => {},
    onClose: (error) => resolve(String(error)),
  });
  // Once the connection is asked for, which takes a tick, and before the loop looks whether it is there.
  process.nextTick(() => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300));
  expect(await promise).toBe('connected');
  socket.destroy();
  server.close();
});
