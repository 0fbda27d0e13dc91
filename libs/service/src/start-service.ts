import type { Type } from '@nestjs/common';
import { RookeryError } from '@rookery/observability';
import type { RunningService, ServiceOptions } from './service-options.ts';

/**
 * Runs an application as a service: settings, registration, health, metrics, tracing, docs, validation, error format,
 * transports and graceful drain. Resolves when it is registered. A start that fails says why in one line and exits 1.
 *
 * ```ts
 * await startService(AppModule, { name: 'orders' });
 * ```
 */
export async function startService(_application: Type, options: ServiceOptions): Promise<RunningService> {
  throw new RookeryError('SERVICE_NOT_BUILT', `${options.name} cannot start yet.`);
}
