import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, it, vi } from 'vitest';
import { limitConnections } from './limit-connections.ts';

it('more connections than files can be opened are refused at once, and told once', async () => {
  const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const logger = { warn: vi.fn() };
  limitConnections(server, logger, 202);
  const { port } = server.address() as AddressInfo;
  const sockets = Array.from({ length: 5 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  let refused = 0;
  for (const socket of sockets) socket.on('close', () => refused++);
  await expect.poll(() => refused, { timeout: 10_000 }).toBe(3);
  expect(logger.warn).toHaveBeenCalledTimes(1);
  expect(server.keepAliveTimeout).toBe(10_000);
  for (const socket of sockets) socket.destroy();
  server.close();
});
