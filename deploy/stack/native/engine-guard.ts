/**
 * Runs one engine as a child: asks it to end when the stack says so or is gone, and kills what is left of its group.
 * Started by engine-process.ts; the command comes as the first message.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { NativeCommand } from '../model.ts';

const PATIENCE_MS = 15_000;
let child: ChildProcess | undefined;
let stop: NodeJS.Signals = 'SIGTERM';
let patienceMs = PATIENCE_MS;
let ending = false;

process.once('message', (command: NativeCommand & { cwd: string }) => {
  const { program, args, environment, cwd, uid, gid } = command;
  stop = command.stop ?? 'SIGTERM';
  patienceMs = command.patienceMs ?? PATIENCE_MS;
  child = spawn(program, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  });
  child.once('error', (error) => {
    console.error(error.message);
    endGroup();
  });
  child.once('exit', endGroup);
  if (ending) child.kill(stop);
});

function end(): void {
  if (ending) return;
  ending = true;
  if (!child) process.exit(0);
  child.kill(stop);
  setTimeout(endGroup, patienceMs);
}

/** What the engine left behind (epmd of RabbitMQ), and this process itself. */
function endGroup(): void {
  process.kill(0, 'SIGKILL');
}

process.on('disconnect', end);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);
