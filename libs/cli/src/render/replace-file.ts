import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Failure, messageOf } from '../failure.ts';
import { runShell } from './run-shell.ts';

export interface ReplaceOptions {
  file: string;
  /** Shell command that judges the new configuration; it finds the path of one to read in `$FILE`. */
  check?: string | undefined;
  /** Makes of the text the whole configuration that `check` reads; the text itself when not given. */
  checkable?: ((text: string, folder: string) => string) | undefined;
  /** Shell command that makes the server read the file. */
  reload?: string | undefined;
  /** Ends what runs. */
  signal?: AbortSignal | undefined;
}

/**
 * Puts a configuration in its place, at one stroke, when it differs from what is there, and makes the server read it.
 * Answers whether it did either. Throws a Failure; what does not pass the check never takes the place, and a reload that
 * failed is owed, also to the next process: a file beside says so.
 */
export async function replaceFile(text: string, options: ReplaceOptions): Promise<boolean> {
  const { check, checkable, reload, signal } = options;
  const file = realPath(options.file);
  const owed = join(dirname(file), `.${basename(file)}.not-read`);
  const isNew = currentText(file) !== text;
  if (isNew) {
    if (check !== undefined) await checked(text, { check, checkable, signal });
    put(text, file, reload === undefined ? undefined : owed);
  }
  if (reload === undefined) return isNew;
  if (currentText(owed) === undefined) return false;
  await runShell('reload', reload, { signal });
  rmSync(owed, { force: true });
  return true;
}

function put(text: string, file: string, owed: string | undefined): void {
  const fresh = join(dirname(file), `.rookery-${process.pid}.new`);
  try {
    writeFileSync(fresh, text);
    const mode = statSync(file, { throwIfNoEntry: false })?.mode;
    if (mode !== undefined) chmodSync(fresh, mode);
    if (owed !== undefined) writeFileSync(owed, '');
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw new Failure(`Cannot write ${file}: ${messageOf(error)}.`);
  }
}

/** Where a link leads: it stays one. */
function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

export function currentText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

async function checked(
  text: string,
  { check, checkable, signal }: Pick<ReplaceOptions, 'checkable' | 'signal'> & { check: string },
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rookery-render-'));
  try {
    const file = join(folder, 'checked.conf');
    writeFileSync(file, checkable ? checkable(text, folder) : text);
    await runShell('check', check, { variables: { FILE: file }, signal });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
