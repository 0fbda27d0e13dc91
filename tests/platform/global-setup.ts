import type { TestProject } from 'vitest/node';
import { startPlatform } from './platform.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** ROOKERY_HOME of the platform that the suites share. */
    platformHome: string;
  }
}

/** Starts the whole platform once for all suites, catalog as two instances; stops it after the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const platform = await startPlatform({ scale: { catalog: 2 } });
  project.provide('platformHome', platform.home);
  return () => platform.stop();
}
