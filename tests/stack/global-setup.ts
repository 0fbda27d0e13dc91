import { join, resolve } from 'node:path';
import { RunningCli, temporaryHome } from '@rookery/cli/testing';
import { missingPrograms, stack } from '@rookery/stack';
import type { TestProject } from 'vitest/node';
import type {} from '../platform/global-setup.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FREE = [
  ...stack.engines.map(({ portVariable }) => portVariable),
  ...stack.apps.flatMap(({ published }) => published?.variable ?? []),
];

/** Starts `npm run stack` once for the suites that run on it, where its programs are installed; fails when a process is left. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (missingPrograms().length > 0) {
    project.provide('platformHome', '');
    return undefined;
  }
  const home = temporaryHome();
  const cli = new RunningCli({
    main: join(ROOT, 'deploy/stack/main.ts'),
    root: ROOT,
    parameters: ['--logs', 'json'],
    home,
    removeHome: true,
    transcript: join(home, 'transcript.jsonl'),
    environment: { ...Object.fromEntries(FREE.map((name) => [name, '0'])), SCRAPE_INTERVAL: '1s' },
  });
  try {
    await cli.ready(120_000);
  } catch (error) {
    await cli.dispose();
    throw error;
  }
  project.provide('platformHome', home);
  return () => cli.dispose();
}
