import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { crashesInARow, restartDelayMs } from './backoff.ts';
import { LastError } from './last-error.ts';
import { readLines } from './lines.ts';
import { isChildMessage, type ServiceUrls } from './messages.ts';

export type ProcessState = 'starting' | 'waiting' | 'ready' | 'restarting' | 'stopping' | 'stopped';

export interface ProcessSpec {
  /** Name of the app. */
  name: string;
  /** 1 for its first instance. */
  index: number;
  /** The file that node runs, and its environment. */
  entry: string;
  cwd: string;
  environment: NodeJS.ProcessEnv;
}

export interface Crash {
  /** `exit code 1` or `SIGKILL`. */
  how: string;
  /** The line of its output that says why, where there is one. */
  reason?: string;
  /** Whether it had ever been ready since it was first started. */
  wasReady: boolean;
  restartInMs: number;
}

export interface ProcessListener {
  changed(process: ManagedProcess): void;
  line(process: ManagedProcess, line: string): void;
  crashed(process: ManagedProcess, crash: Crash): void;
}

/** One instance of an app as a process of its own, started again with back-off whenever it ends unasked. */
export class ManagedProcess {
  readonly spec: ProcessSpec;
  state: ProcessState = 'stopped';
  urls: ServiceUrls = {};
  /** What it waits for, and why that is not there. */
  waiting: { for: string; reason: string } | undefined;
  restarts = 0;
  readonly #listener: ProcessListener;
  readonly #lastError = new LastError();
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #wanted = false;
  #everReady = false;
  #readyAtMs = 0;
  #crashes = 0;

  constructor(spec: ProcessSpec, listener: ProcessListener) {
    this.spec = spec;
    this.#listener = listener;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    this.#wanted = true;
    clearTimeout(this.#timer);
    if (!this.#child) this.#spawn();
  }

  /** Asks it to end, and ends it after the deadline; returns when the process is gone. It is not started again. */
  async stop(deadlineMs: number): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child) {
      this.#enter('stopped');
      return;
    }
    this.#enter('stopping');
    child.kill('SIGTERM');
    const given = new AbortController();
    await Promise.race([this.#exited, sleep(deadlineMs, undefined, { signal: given.signal }).catch(() => {})]);
    given.abort();
    if (this.#child === child) child.kill('SIGKILL');
    await this.#exited;
  }

  /** Ends it at once. */
  kill(): void {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#child?.kill('SIGKILL');
  }

  /** A start by hand: the crashes so far are forgotten. */
  startAfresh(): void {
    this.#crashes = 0;
    if (!this.#child) this.restarts++;
    this.start();
  }

  #spawn(): void {
    const { entry, cwd, environment } = this.spec;
    const child = spawn(process.execPath, ['--enable-source-maps', entry], {
      cwd,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A process group of its own: Ctrl-C in the terminal reaches the command alone, which stops the apps in order.
      detached: process.platform !== 'win32',
    });
    this.#child = child;
    this.urls = {};
    this.waiting = undefined;
    this.#readyAtMs = 0;
    this.#lastError.clear();
    this.#enter('starting');
    for (const stream of [child.stdout, child.stderr]) if (stream) readLines(stream, (line) => this.#line(line));
    child.on('message', (message) => this.#hear(message));
    this.#exited = new Promise((resolve) => {
      const ended = (how: string) => {
        if (this.#child !== child) return;
        this.#child = undefined;
        this.#ended(how);
        resolve();
      };
      child.once('error', (error) => child.pid === undefined && ended(error.message));
      child.once('exit', (code, signal) => {
        const how = signal ?? `exit code ${code}`;
        // The last lines come after the exit; a grandchild may keep the pipe open for ever.
        const late = setTimeout(ended, 300, how);
        child.once('close', () => {
          clearTimeout(late);
          ended(how);
        });
      });
    });
  }

  #line(line: string): void {
    if (line.trim() === '') return;
    this.#lastError.add(line);
    this.#listener.line(this, line);
  }

  #hear(message: unknown): void {
    if (!isChildMessage(message) || !this.#child) return;
    if (message.type === 'waiting') {
      this.waiting = { for: message.for, reason: message.reason };
      if (this.state === 'starting' || this.state === 'waiting') this.#enter('waiting');
    } else if (message.type === 'ready') {
      this.urls = message.urls ?? {};
      this.waiting = undefined;
      this.#everReady = true;
      this.#readyAtMs = Date.now();
      if (this.#wanted) this.#enter('ready');
    } else {
      this.#enter('stopping');
    }
  }

  #ended(how: string): void {
    this.waiting = undefined;
    if (!this.#wanted) {
      this.#enter('stopped');
      return;
    }
    this.#crashes = crashesInARow(this.#crashes, this.#readyAtMs === 0 ? 0 : Date.now() - this.#readyAtMs);
    const restartInMs = restartDelayMs(this.#crashes);
    const reason = this.#lastError.text;
    this.#timer = setTimeout(() => {
      this.restarts++;
      this.start();
    }, restartInMs);
    this.#enter('restarting');
    this.#listener.crashed(this, { how, wasReady: this.#everReady, restartInMs, ...(reason && { reason }) });
  }

  #enter(state: ProcessState): void {
    this.state = state;
    this.#listener.changed(this);
  }
}
