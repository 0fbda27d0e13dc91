import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLines } from '../platform/lines.ts';

/** One JSON line of `rookery start --logs json`: its own events and the apps' log lines. */
export interface CliEntry {
  service?: string;
  event?: string;
  [field: string]: unknown;
}

export interface CliOptions {
  /** The `rookery` program. */
  main: string;
  /** The workspace. */
  root: string;
  /** Command line after the program's name. */
  parameters: readonly string[];
  /** ROOKERY_HOME; a new temporary folder when not given, removed by {@link RunningCli.dispose}. */
  home?: string;
  /** Whether the folder ends with the command; so it does when it is a temporary one. */
  removeHome?: boolean;
  environment?: NodeJS.ProcessEnv;
  /** Where what it says is kept, for processes other than the one that started it. */
  transcript?: string;
}

const GONE_MS = 15_000;
const POLL_MS = 25;

/** The real command as a process of its own, for tests: what it says, how it ends, what it leaves behind. */
export class RunningCli {
  readonly home: string;
  readonly entries: CliEntry[] = [];
  readonly stderr: string[] = [];
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly #child: ChildProcess;
  readonly #ownsHome: boolean;
  #ended = false;
  #changed: () => void = () => {};

  constructor({
    main,
    root,
    parameters,
    home,
    removeHome = home === undefined,
    environment = {},
    transcript,
  }: CliOptions) {
    this.#ownsHome = removeHome;
    this.home = home ?? temporaryHome();
    this.#child = spawn(process.execPath, [main, ...parameters], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: '', VITEST: '', ROOKERY_HOME: this.home, ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.exited = once(this.#child, 'close').then(([code, signal]) => ({ code, signal }));
    this.exited.then(() => {
      this.#ended = true;
      this.#changed();
    });
    const { stdout, stderr } = this.#child;
    if (stdout) {
      readLines(stdout, (line) => {
        if (transcript) appendFileSync(transcript, `${line}\n`);
        this.#add(parse(line));
      });
    }
    if (stderr) readLines(stderr, (line) => this.stderr.push(line));
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Resolves with the first entry that fits, also among those that came before; rejects when the command ends or time is up. */
  async waitFor(fits: (entry: CliEntry) => boolean, withinMs: number, what = 'the expected line'): Promise<CliEntry> {
    const deadline = Date.now() + withinMs;
    for (let at = 0; ; ) {
      for (; at < this.entries.length; at++) {
        const entry = this.entries[at];
        if (entry && fits(entry)) return entry;
      }
      const left = deadline - Date.now();
      if (this.#ended || left <= 0)
        throw new Error(
          `${what} did not come${this.#ended ? ': the command ended' : ` within ${withinMs} ms`}.\n${this.tail()}`,
        );
      const change = new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
      await Promise.race([change, sleep(Math.min(left, 200))]);
    }
  }

  /** The event that says that all are ready. */
  ready(withinMs = 60_000): Promise<CliEntry> {
    return this.waitFor(({ service, event }) => service === 'rookery' && event === 'ready', withinMs, '"ready"');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The latest lines, for messages of failed tests. */
  tail(count = 40): string {
    return [...this.entries.slice(-count).map((entry) => JSON.stringify(entry)), ...this.stderr.slice(-count)].join(
      '\n',
    );
  }

  /** Waits until no process of this platform is left; throws with their command lines when some stay. */
  async gone(withinMs = GONE_MS): Promise<void> {
    const deadline = Date.now() + withinMs;
    let left = leftovers(this.home);
    while (left.length > 0 && Date.now() < deadline) {
      await sleep(POLL_MS);
      left = leftovers(this.home);
    }
    if (left.length > 0)
      throw new Error(
        `Processes of the platform are left:\n${left.map(({ pid, command }) => `${pid} ${command}`).join('\n')}`,
      );
  }

  /**
   * Stops the command as SIGTERM does, and waits until nothing is left; one that has ended is left alone, for others may
   * run in its folder. Removes a temporary home.
   */
  async dispose(): Promise<void> {
    try {
      if (this.#ended) return;
      this.signal('SIGTERM');
      await this.exited;
      await this.gone();
    } finally {
      if (this.#ownsHome) {
        for (const { pid } of leftovers(this.home)) process.kill(pid, 'SIGKILL');
        rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
      }
    }
  }

  #add(entry: CliEntry): void {
    this.entries.push(entry);
    this.#changed();
  }
}

/** A state folder that the database's own user may pass through. */
export function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'rookery-'));
  chmodSync(home, 0o755);
  return home;
}

/** Processes that were started for this state folder. Needs /proc; elsewhere it finds none. */
export function leftovers(home: string): { pid: number; command: string }[] {
  return processIds().flatMap((pid) => {
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
    const variables = read(`/proc/${pid}/environ`).split('\0');
    const ours = command !== '' && (variables.includes(`ROOKERY_HOME=${home}`) || command.includes(`${home}/`));
    return ours && pid !== process.pid ? [{ pid, command }] : [];
  });
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function parse(line: string): CliEntry {
  try {
    return JSON.parse(line) as CliEntry;
  } catch {
    return { event: line };
  }
}
