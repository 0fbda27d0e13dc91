import type { Type } from '@nestjs/common';
import type { StartHandle } from './lifecycle/bring-up.ts';
import type { RunningService, ServiceOptions } from './service-options.ts';

/**
 * What startService does, without its hold on the process: no signal handlers, no exit, errors are thrown. For specs, and
 * for programs that run several services.
 */
export async function createService(
  application: Type,
  options: ServiceOptions,
  handle?: StartHandle,
): Promise<RunningService> {
  const { bringUpService } = await import('./lifecycle/bring-up.ts');
  return bringUpService(application, options, handle);
}
