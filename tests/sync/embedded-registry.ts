import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forkSource, freePorts, type OwnServer } from '@rookery/servers';

const MAIN = new URL('../../apps/registry/src/main.ts', import.meta.url);

/** The embedded registry, which the suite may kill. */
export async function startEmbeddedRegistry(): Promise<OwnServer> {
  const home = mkdtempSync(join(tmpdir(), 'rookery-sync-'));
  const [port = 0] = await freePorts(1);
  const env = { HOST: '127.0.0.1', PORT: String(port), ROOKERY_HOME: home, LOG_LEVEL: 'error' };
  let child: ReturnType<typeof forkSource> | undefined;
  const server: OwnServer = {
    url: `consul://127.0.0.1:${port}`,
    async start() {
      child = forkSource(MAIN, env);
      const ready = new Promise<void>((resolve) => {
        child?.on('message', (message: { type?: string }) => message.type === 'ready' && resolve());
      });
      const ended = once(child, 'exit').then(() => Promise.reject(new Error('The registry ended at its start.')));
      await Promise.race([ready, ended]);
      ended.catch(() => {});
    },
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    async restart() {
      await server.kill();
      await server.start();
    },
    async stop() {
      await server.kill();
      rmSync(home, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}
