import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { message } from './processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'rookery-children-'));
afterAll(() => rmSync(folder, { recursive: true }));

function child(code: string) {
  const file = join(folder, 'child.mjs');
  writeFileSync(file, code);
  return fork(file, { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
}

it('the message that is wanted is waited for, past others', async () => {
  const saying = child('process.send(1); process.send(2); process.send(3);');
  expect(await message<number>(saying, (value) => value > 1)).toBe(2);
});

it('a child that ends is not waited for', async () => {
  await expect(message(child('process.exit(3)'))).rejects.toThrow('ended with 3 before it answered');
});

it('a child that says nothing is waited for as long as is said', async () => {
  const silent = child('setInterval(() => {}, 1_000)');
  await expect(message(silent, undefined, 50)).rejects.toThrow('did not answer within 50 ms');
  silent.kill('SIGKILL');
});
