import { freePortWith } from '@rookery/servers';
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
  // Whose registry also speaks Nacos' gRPC, a thousand ports above.
  const registry = { REGISTRY_PORT: String(await freePortWith(1_000)), REGISTRY_NACOS_GRPC: 'on' };
  const platform = await startPlatform({ scale: { catalog: 2 }, env: registry });
  project.provide('platformHome', platform.home);
  return () => platform.stop();
}
