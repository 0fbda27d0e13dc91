import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openHome, wipeHome } from './home.ts';
import { LOCK_FILE, takeLock } from './lock.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rookery-lock-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the lock of a state folder', () => {
  test('is held by one process, and let go', () => {
    const lock = takeLock(home);
    expect(lock.recovered).toBe(false);
    expect(() => takeLock(home, process.ppid)).toThrow(new RegExp(`already runs here \\(process ${process.pid}`));
    lock.release();
    expect(existsSync(join(home, LOCK_FILE))).toBe(false);
  });

  test('of a process that is gone is taken over', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(join(home, LOCK_FILE), JSON.stringify({ pid }));
    expect(takeLock(home).recovered).toBe(true);
  });

  test.runIf(process.platform === 'linux')('of a process whose id has been given to another is taken over', () => {
    writeFileSync(join(home, LOCK_FILE), JSON.stringify({ pid: process.ppid, startToken: '1' }));
    expect(takeLock(home).recovered).toBe(true);
  });

  test('that is no lock at all is taken over', () => {
    writeFileSync(join(home, LOCK_FILE), '');
    expect(takeLock(home).recovered).toBe(true);
  });
});

describe('--fresh', () => {
  test('wipes a folder that the platform made, but for the lock', () => {
    openHome(home);
    mkdirSync(join(home, 'postgres'));
    const lock = takeLock(home);
    wipeHome(home, LOCK_FILE);
    expect(existsSync(join(home, 'postgres'))).toBe(false);
    expect(existsSync(join(home, LOCK_FILE))).toBe(true);
    lock.release();
  });

  test('refuses a folder that holds other things', () => {
    writeFileSync(join(home, 'thesis.txt'), 'x');
    openHome(home);
    expect(() => wipeHome(home, LOCK_FILE)).toThrow('was not made by rookery');
    expect(existsSync(join(home, 'thesis.txt'))).toBe(true);
  });
});
