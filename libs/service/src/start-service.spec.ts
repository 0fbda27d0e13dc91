import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';

/** The compiled fixture: a process of its own runs what `nx build` has made. */
const PROGRAM = fileURLToPath(new URL('../dist/testing/slow-service.js', import.meta.url));

/** A process starts in under a second; a machine that is busy with other suites may need far longer. */
const PATIENCE_MS = 30_000;
vi.setConfig({ testTimeout: 2 * PATIENCE_MS });

interface Message {
  type: string;
  for?: string;
  reason?: string;
  urls?: { http: string };
}

class Program {
  readonly child: ChildProcess;
  readonly messages: Message[] = [];
  readonly exited: Promise<number | null>;
  output = '';

  constructor(environment: NodeJS.ProcessEnv = {}) {
    this.child = fork(PROGRAM, { env: { PATH: process.env.PATH, ...environment }, silent: true, execArgv: [] });
    this.child.on('message', (message) => this.messages.push(message as Message));
    const ends = [this.child.stdout, this.child.stderr].map((stream) => {
      if (!stream) throw new Error('the process has no output');
      stream.on('data', (chunk) => {
        this.output += chunk;
      });
      return once(stream, 'close');
    });
    this.exited = Promise.all([once(this.child, 'exit'), ...ends]).then(([[code]]) => code as number | null);
  }

  message(type: string): Promise<Message> {
    return vi.waitFor(
      () => {
        const found = this.messages.find((message) => message.type === type);
        if (!found) throw new Error(`no message ${type}; ${this.output}`);
        return found;
      },
      { timeout: PATIENCE_MS, interval: 5 },
    );
  }

  /** Base of the controllers, once the service is ready. */
  async ready(): Promise<string> {
    return `${(await this.message('ready')).urls?.http}/api/slow`;
  }

  /** Log lines at `fatal`. */
  get fatal(): Record<string, unknown>[] {
    return this.output
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ level }) => level === 60);
  }
}

let program: Program;
const start = (environment?: NodeJS.ProcessEnv): Program => {
  program = new Program(environment);
  return program;
};

afterEach(() => {
  program?.child.kill('SIGKILL');
});

/** Whether a process that is not our child runs; one that has ended and waits for its new parent to notice does not. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const refused = (url: string) =>
  vi.waitFor(
    async () => {
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname);
      const outcome = await once(socket, 'connect').then(
        () => 'accepted',
        (error: NodeJS.ErrnoException) => error.code,
      );
      socket.destroy();
      expect(outcome).toBe('ECONNREFUSED');
    },
    { timeout: PATIENCE_MS, interval: 10 },
  );

describe('a service as a process', () => {
  it('on SIGTERM refuses new connections, lets the running request end, closes its modules and exits 0', async () => {
    const { child, exited, messages } = start();
    const base = await program.ready();
    const answer = fetch(`${base}/slow`);
    await program.message('entered');
    child.kill('SIGTERM');
    await program.message('stopping');
    await refused(base);
    expect(messages.map(({ type }) => type)).not.toContain('destroyed');
    child.send('release');
    const response = await answer;
    expect([response.status, await response.json()]).toEqual([200, { ok: true }]);
    expect(await exited).toBe(0);
    expect(messages.map(({ type }) => type)).toContain('destroyed');
  });

  it('cuts off at SHUTDOWN_TIMEOUT_MS what has not ended by then, says how many, and exits 0', async () => {
    start({ SHUTDOWN_TIMEOUT_MS: '50' });
    const answer = fetch(`${await program.ready()}/slow`).then(
      () => 'answered',
      () => 'cut off',
    );
    await program.message('entered');
    program.child.kill('SIGINT');
    expect(await answer).toBe('cut off');
    expect(await program.exited).toBe(0);
    expect(program.output).toMatch(/"cutOff":1,.*"event":"requests cut off"/);
  });

  it('drains and exits 0 when its parent is gone', async () => {
    start();
    await program.ready();
    program.child.disconnect();
    expect(await program.exited).toBe(0);
    expect(program.output).toMatch('the parent process is gone');
  });

  it('is gone as well when its parent was killed, with nobody left to read its log', async () => {
    const source = `
      const { fork } = await import('node:child_process');
      const child = fork(${JSON.stringify(PROGRAM)}, { silent: true, execArgv: [] });
      child.stdout.resume();
      child.on('message', ({ type }) => type === 'ready' && console.log(child.pid));`;
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', source], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const orphan = Number(said);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(runs(orphan)).toBe(false), { timeout: PATIENCE_MS, interval: 20 });
  });

  it.each(['throw-later', 'reject-later'])(
    'exits 1 with one fatal line after an error that nobody caught: %s',
    async (path) => {
      start();
      await fetch(`${await program.ready()}/${path}`).catch(() => {});
      expect(await program.exited).toBe(1);
      expect(program.fatal).toHaveLength(1);
      expect(program.fatal[0]).toMatchObject({ service: 'slow', error: { message: expect.stringMatching('^nobody') } });
    },
  );

  it('does not start with a wrong setting: one line with its name, what was expected and what came, exit 1', async () => {
    start({ PORT: '80a', SHUTDOWN_TIMEOUT_MS: '-1' });
    expect(await program.exited).toBe(1);
    expect(program.output.trim().split('\n')).toHaveLength(1);
    expect(program.fatal[0]).toMatchObject({
      event: 'start failed',
      code: 'SERVICE_SETTINGS_WRONG',
      reason:
        'PORT: expected a whole number from 0 to 65535, received "80a"; ' +
        'SHUTDOWN_TIMEOUT_MS: expected a whole number from 0 to 600000, received "-1". ' +
        'Correct the environment and start again.',
    });
  });

  it('exits 1 when a part of the application cannot be made', async () => {
    start({ BROKEN: 'yes' });
    expect(await program.exited).toBe(1);
    expect(program.fatal).toHaveLength(1);
    expect(program.fatal[0]).toMatchObject({ error: { message: 'the provider is broken' } });
  });

  it('says that it waits for the registry, and can be stopped while it does', async () => {
    start({ DISCOVERY_URL: 'consul://127.0.0.1:1' });
    expect(await program.message('waiting')).toMatchObject({ for: 'registry', reason: expect.stringMatching(/\w/) });
    program.child.kill('SIGTERM');
    expect(await program.exited).toBe(0);
    expect(program.messages.map(({ type }) => type)).not.toContain('ready');
  });
});
