import type { Logger } from '@rookery/observability';
import { RookeryError } from '@rookery/observability';

/** What ends a process: an error of ours in one line, anything else with its stack, in the log only. */
export function logFatal(logger: Logger, event: string, error: unknown): void {
  if (error instanceof RookeryError) logger.fatal({ code: error.code, reason: error.message }, event);
  else logger.fatal({ error }, event);
}

/**
 * Ends the process on the first error that nobody caught: its state cannot be trusted any more, and the supervisor starts
 * a fresh one.
 */
export function exitOnUncaught(logger: () => Logger): void {
  let dying = false;
  const die = (event: string) => (error: unknown) => {
    if (dying) return;
    dying = true;
    logFatal(logger(), event, error);
    process.exit(1);
  };
  process.on('uncaughtException', die('uncaught exception'));
  process.on('unhandledRejection', die('unhandled rejection'));
}
