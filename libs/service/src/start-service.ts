import 'reflect-metadata';
import { enableCompileCache } from 'node:module';
import type { Type } from '@nestjs/common';
import { createLogger, type Logger, onWaiting } from '@rookery/observability';
import { exitOnUncaught, logFatal } from './process/fatal.ts';
import { tellParent } from './process/parent-channel.ts';
import { onStopRequest } from './process/stop-requests.ts';
import type { RunningService, ServiceOptions } from './service-options.ts';

/** How long a start that is told to stop may take to let go of what it has. */
const ABANDON_START_WITHIN_MS = 2_000;

/**
 * Runs an application as a service and takes hold of the process: settings, registration, health, metrics, tracing, docs,
 * validation, error format, transports; on SIGTERM, SIGINT or the end of its parent it drains and exits 0. Resolves when
 * the service is registered. A start that fails says why in one line and exits 1.
 *
 * ```ts
 * await startService(AppModule, { name: 'orders' });
 * ```
 */
export async function startService(application: Type, options: ServiceOptions): Promise<RunningService> {
  enableCompileCache();
  let logger: Logger | undefined;
  const log = (): Logger => {
    logger ??= createLogger({ service: options.name, level: 'info' });
    return logger;
  };
  exitOnUncaught(log);
  onWaiting((waiting) => {
    log().info(waiting, 'waiting');
    tellParent({ type: 'waiting', ...waiting });
  });

  const abandoned = new AbortController();
  let running: RunningService | undefined;
  onStopRequest((reason) => {
    tellParent({ type: 'stopping' });
    if (running) {
      running.close(reason).then(
        () => process.exit(0),
        (error: unknown) => {
          logFatal(log(), 'stop failed', error);
          process.exit(1);
        },
      );
      return;
    }
    log().info({ reason }, 'start abandoned');
    abandoned.abort();
    setTimeout(() => process.exit(0), ABANDON_START_WITHIN_MS).unref();
  });

  try {
    const { bringUpService } = await import('./lifecycle/bring-up.ts');
    running = await bringUpService(application, options, {
      signal: abandoned.signal,
      onLogger: (made) => {
        logger = made;
      },
    });
  } catch (error) {
    if (abandoned.signal.aborted) process.exit(0);
    logFatal(log(), 'start failed', error);
    process.exit(1);
  }
  tellParent({ type: 'ready', urls: running.urls });
  return running;
}
