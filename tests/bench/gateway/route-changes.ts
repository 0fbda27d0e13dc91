import { renameSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const EVERY_MS = 5;
const IN_FORCE_MS = 30_000;

/** The slowest of the requests that are sent one after another while settings are put in force, from before until after. */
export async function slowestDuringChange(
  port: number,
  file: string,
  settings: object,
  { steady, changed }: { steady: string; changed: string },
): Promise<{ slowestMs: number; tookMs: number }> {
  const agent = new Agent({ keepAlive: true });
  let slowestMs = 0;
  const timed = async (path: string) => {
    const sentMs = performance.now();
    const status = await ask(port, path, agent);
    slowestMs = Math.max(slowestMs, performance.now() - sentMs);
    return status;
  };
  try {
    for (let warm = 0; warm < 50; warm++) await timed(steady);
    slowestMs = 0;
    writeFileSync(`${file}.new`, JSON.stringify(settings));
    renameSync(`${file}.new`, file);
    const startedMs = performance.now();
    while ((await timed(changed)) !== 200) {
      if (performance.now() - startedMs > IN_FORCE_MS) throw new Error(`${changed} was not in force in time`);
      await timed(steady);
      await pause(EVERY_MS);
    }
    return { slowestMs, tookMs: performance.now() - startedMs };
  } finally {
    agent.destroy();
  }
}

function ask(port: number, path: string, agent: Agent): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  request({ port, path, agent, host: '127.0.0.1' }, (response) => {
    response.resume().once('end', () => resolve(response.statusCode ?? 0));
  })
    .once('error', reject)
    .end();
  return promise;
}
