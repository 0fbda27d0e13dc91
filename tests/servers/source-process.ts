import { type ChildProcess, fork } from 'node:child_process';

/** What node is told so that it runs TypeScript files of the workspace from their source. */
export const sourceArguments = [
  '--conditions',
  '@rookery/source',
  '--import',
  new URL('./register-swc.ts', import.meta.url).href,
];

/** Runs a TypeScript file of the workspace from its source in a process of its own, with IPC; dies with this one. */
export function forkSource(file: URL, env: Record<string, string> = {}, args: readonly string[] = []): ChildProcess {
  const child = fork(file, args, {
    execArgv: sourceArguments,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  return child;
}
