import { rmSync } from 'node:fs';
import { type GuardedOptions, GuardedProcess } from './guarded-process.ts';
import type { OwnServer } from './server.ts';

export interface GuardedServer extends GuardedOptions {
  /** For messages. */
  name: string;
  url: string;
  /** Its folder, removed when it stops. */
  home: string;
  /** Throws as long as the server does not serve. */
  ready: () => Promise<void>;
  /** How long it may take to serve. */
  readyMs?: number;
}

/** Starts one program as a server that the suite may kill and start again; leaves nothing where it does not start. */
export async function startGuarded({ name, url, ready, readyMs, ...process }: GuardedServer): Promise<OwnServer> {
  let guarded: GuardedProcess | undefined;
  const server: OwnServer = {
    url,
    async start() {
      guarded = new GuardedProcess(process);
      await guarded.ready(name, ready, readyMs);
    },
    async kill() {
      await guarded?.kill();
    },
    async restart() {
      await guarded?.kill();
      await server.start();
    },
    async stop() {
      await guarded?.kill();
      rmSync(process.home, { recursive: true, force: true });
    },
  };
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}
