import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { findProgram } from '@rookery/servers';
import { parseAllDocuments } from 'yaml';
import type { Manifest } from './manifest.ts';

export const WORKSPACE = resolve(import.meta.dirname, '../..');
export const OVERLAYS = ['dev', 'production'] as const;

/** kubectl of PATH, else of tests/servers/install-kubernetes. */
export const kubectlProgram = findProgram('kubectl', join(homedir(), '.cache/rookery/servers/kubectl'));

/** Runs kubectl; throws what it wrote when it failed. */
export function kubectl(args: string[], input?: string): string {
  const { status, stdout, stderr, error } = spawnSync(kubectlProgram ?? 'kubectl', args, {
    cwd: WORKSPACE,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
    ...(input === undefined ? {} : { input }),
  });
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${status}: ${stderr || error}`);
  return stdout;
}

export function render(overlay: (typeof OVERLAYS)[number]): Manifest[] {
  const text = kubectl(['kustomize', `deploy/kubernetes/overlays/${overlay}`]);
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}
