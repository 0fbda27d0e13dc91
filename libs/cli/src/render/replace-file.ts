import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Failure, messageOf } from '../failure.ts';
import { runShell } from './run-shell.ts';

export interface ReplaceOptions {
  file: string;
  /** Shell command that judges the new configuration; it finds the path of one to read in `$FILE`. */
  check?: string | undefined;
  /** Makes of the text the whole configuration that `check` reads; the text itself when not given. */
  checkable?: ((text: string, folder: string) => string) | undefined;
}

/**
 * Puts a configuration in its place, at one stroke, when it differs from what is there. Answers whether it did. Throws a
 * Failure; what does not pass the check never takes the place.
 */
export async function replaceFile(text: string, { file, check, checkable }: ReplaceOptions): Promise<boolean> {
  if (currentText(file) === text) return false;
  if (check !== undefined) await checked(text, check, checkable);
  const fresh = join(dirname(file), `.rookery-${process.pid}.new`);
  try {
    writeFileSync(fresh, text);
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw new Failure(`Cannot write ${file}: ${messageOf(error)}.`);
  }
  return true;
}

function currentText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

async function checked(text: string, check: string, checkable: ReplaceOptions['checkable']): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rookery-render-'));
  try {
    const file = join(folder, 'checked.conf');
    writeFileSync(file, checkable ? checkable(text, folder) : text);
    await runShell('check', check, { FILE: file });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
