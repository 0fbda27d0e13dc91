import { spawn } from 'node:child_process';
import { Failure, messageOf } from '../failure.ts';

const COMMAND_MS = 30_000;
const MOST_OUTPUT = 2_000;

/** Runs a shell command; a Failure with the end of what it said when it fails. */
export function runShell(purpose: string, command: string, variables: Record<string, string> = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, {
      shell: true,
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: COMMAND_MS,
      killSignal: 'SIGKILL',
    });
    let output = '';
    const hear = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-MOST_OUTPUT);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', (error) => reject(new Failure(`--${purpose} ${command}: ${messageOf(error)}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Failure(`--${purpose} ${command} failed (${signal ?? code}): ${output.trim()}`));
    });
  });
}
