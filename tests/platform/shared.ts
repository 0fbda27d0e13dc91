import { afterAll, inject } from 'vitest';
import { Platform } from './platform.ts';

/** The platform that all suites of a run share, started once by global-setup.ts. A suite leaves it as it has found it. */
export function sharedPlatform(): Platform {
  const platform = new Platform(inject('platformHome'));
  afterAll(() => platform.release());
  return platform;
}
