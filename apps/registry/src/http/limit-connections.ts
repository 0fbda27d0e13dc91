import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Logger } from '@rookery/observability';

/** Longer than clients of Consul pause between their heartbeats at the usual lease: who says no more gives its place up. */
const IDLE_MS = 10_000;
/** Of the files that a process may open, for all but connections. */
const SPARE_FILES = 200;
const TELL_EVERY_MS = 60_000;

/**
 * Ends idle connections soon, since a client that has its stream of heartbeats needs no other one. Where the system lets the
 * process open no more files, who comes is refused at once and tries again later, instead of waiting unheard.
 */
export function limitConnections(server: Server, logger: Pick<Logger, 'warn'>, openFiles = mostOpenFiles()): void {
  server.keepAliveTimeout = IDLE_MS;
  if (openFiles === undefined) return;
  const most = Math.max(1, openFiles - SPARE_FILES);
  server.maxConnections = most;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  server.on('drop', () => {
    if (performance.now() - toldAtMs < TELL_EVERY_MS) return;
    toldAtMs = performance.now();
    logger.warn({ most }, 'connections refused: the process may open no more files (ulimit -n)');
  });
}

/** What the system lets this process open, where it says so. */
function mostOpenFiles(): number | undefined {
  try {
    const most = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
    return Number.isSafeInteger(most) ? most : undefined;
  } catch {
    return undefined;
  }
}
