import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Tree } from '@nx/devkit';

const STACK = 'deploy/stack/stack.ts';
const RENDERER = 'deploy/stack/write-compose.ts';
const APPS = /^ {2}apps: \[\n[\s\S]*?^ {2}\],\n/m;

/** What decides the entry of a service in the production stack. */
export interface StackService {
  name: string;
  grpc: boolean;
  messaging: boolean;
  database: boolean;
}

/** Enters a service into the description of the production stack; changes nothing in a workspace without one. */
export function addToStack(tree: Tree, { name, grpc, messaging, database }: StackService): void {
  const needs = ['consul', ...(database ? ['postgres'] : []), ...(messaging ? ['rabbitmq'] : []), 'auth'];
  const entry = [
    `name: '${name}'`,
    'port: 3000',
    ...(grpc ? ['grpcPort: 3001'] : []),
    `needs: [${needs.map((need) => `'${need}'`).join(', ')}]`,
  ];
  change(tree, (apps) => apps.replace(/^ {2}\],\n$/m, (end) => `    { ${entry.join(', ')} },\n${end}`));
}

/** Takes a service out of the description. */
export function removeFromStack(tree: Tree, name: string): void {
  const entry = new RegExp(`^ {4}\\{\\s*name: '${name}',(?:[^{}]|\\{[^{}]*\\})*\\},\\n`, 'm');
  change(tree, (apps) => apps.replace(entry, ''));
}

/** Writes the files of deploy/compose anew, with the renderer of the workspace. */
export function renderCompose(root: string): void {
  if (!existsSync(join(root, RENDERER))) return;
  const { status, stderr } = spawnSync(process.execPath, [RENDERER], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The files were written, but not deploy/compose (npm run compose):\n${stderr}`);
}

function change(tree: Tree, edit: (apps: string) => string): void {
  const text = tree.read(STACK, 'utf8');
  if (text === null) return;
  const changed = text.replace(APPS, edit);
  if (changed !== text) tree.write(STACK, changed);
}
