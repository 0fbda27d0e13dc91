import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { forkSource } from './source-process.ts';

const listens = (port: number): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ port, host: '127.0.0.1' });
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
};

it('a server ends with the process that started it, even when that is killed', async ({ skip }) => {
  const child = forkSource(new URL('./testing/own-postgres.ts', import.meta.url));
  const [{ url, home = '' }] = (await once(child, 'message')) as [{ url?: string; home?: string }];
  if (url === undefined) {
    child.kill('SIGKILL');
    skip('Postgres is missing here');
    return;
  }
  const port = Number(new URL(url).port);
  expect(await listens(port)).toBe(true);
  child.kill('SIGKILL');
  await expect.poll(() => listens(port), { timeout: 5_000 }).toBe(false);
  await expect.poll(() => existsSync(home)).toBe(false);
  rmSync(dirname(home), { recursive: true });
});
