import { rmSync } from 'node:fs';
import { temporaryHome } from '@rookery/cli/testing';
import type { TestProject } from 'vitest/node';
import type {} from '../platform/global-setup.ts';

/** The folder in which compose.spec.ts describes its stack as a platform to the suites of tests/e2e. */
export default function setup(project: TestProject): () => void {
  const home = temporaryHome();
  project.provide('platformHome', home);
  return () => rmSync(home, { recursive: true, force: true });
}
