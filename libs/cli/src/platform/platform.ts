import { mkdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure, usage } from '../failure.ts';
import type { InstanceState, PlatformSecrets } from '../home/state-file.ts';
import { type Plan, POSTGRES, stopOrder } from '../plan/plan.ts';
import { variablePrefix } from '../plan/ports.ts';
import { databaseUrl, instanceVariables, type PlatformFacts, sharedVariables } from '../plan/variables.ts';
import { POSTGRES_USER, postgresPassword } from '../postgres/password.ts';
import { type Crash, ManagedProcess, type ProcessListener } from './managed-process.ts';

/** Longer than the 10 s that a service gives the requests that run in it. */
const STOP_MS = 12_000;
const MESSAGING_DATABASE = 'messaging';
const POSTGRES_PURPOSE = 'The database of the services: PostgreSQL 18';

export interface PlatformOptions {
  root: string;
  home: string;
  plan: Plan;
  ports: ReadonlyMap<string, number>;
  environment: NodeJS.ProcessEnv;
  /** How long the start may take, in ms, before it is given up. */
  startMs?: number;
}

export interface PlatformListener {
  changed(): void;
  line(process: ManagedProcess, line: string): void;
  crashed(process: ManagedProcess, crash: Crash): void;
}

/** All processes of a running platform: started together, watched, stopped in the order in which they need each other. */
export class Platform {
  readonly #options: PlatformOptions;
  readonly #listener: PlatformListener;
  readonly #processes: ManagedProcess[];
  readonly #facts: PlatformFacts;
  readonly #watchers = new Set<() => void>();
  #startFailed: ((failure: Failure) => void) | undefined;
  #startDone: (() => void) | undefined;
  #killed = false;

  constructor(options: PlatformOptions, listener: PlatformListener) {
    const { root, home, plan, ports, environment } = options;
    this.#options = options;
    this.#listener = listener;
    const compileCache = join(root, 'node_modules', '.cache', 'rookery', 'compile');
    mkdirSync(compileCache, { recursive: true });
    const port = ports.get(POSTGRES);
    const postgresUrl = plan.postgres
      ? `postgres://${POSTGRES_USER}:${postgresPassword(home)}@127.0.0.1:${port}`
      : undefined;
    this.#facts = { environment, home, ports, compileCache, ...(postgresUrl && { postgresUrl }) };
    this.#processes = [
      ...(plan.postgres ? [this.#postgres(compileCache)] : []),
      ...plan.apps.flatMap((app) => this.#instances(app)),
    ];
  }

  get processes(): readonly ManagedProcess[] {
    return this.#processes;
  }

  /** Starts the database alone, while the apps are still built. */
  startDatabase(): void {
    for (const process of this.#named(POSTGRES)) process.start();
  }

  /** Starts everything and waits until each process is ready; one that ends before that fails the start. */
  async start(): Promise<void> {
    const { startMs = 120_000 } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const started = new Promise<void>((resolve, reject) => {
      this.#startDone = resolve;
      this.#startFailed = reject;
      timer = setTimeout(() => reject(new Failure(this.#whatIsMissing(startMs))), startMs);
    });
    for (const process of this.#processes) if (process.state !== 'restarting') process.start();
    this.#settleStart();
    try {
      await started;
    } finally {
      clearTimeout(timer);
      this.#startDone = undefined;
      this.#startFailed = undefined;
    }
  }

  /** Stops every process, those that others need last; a process that does not end in time is killed. */
  async stop(): Promise<void> {
    this.#startFailed?.(new Failure('The start was interrupted.'));
    for (const group of this.#stopOrder()) {
      if (this.#killed) break;
      await Promise.all(group.flatMap((name) => this.#named(name)).map((process) => process.stop(STOP_MS)));
    }
    await Promise.all(this.#processes.map((process) => process.stop(0)));
  }

  /** Ends every process at once; the database by its own immediate end when its parent is gone. */
  kill(): void {
    this.#killed = true;
    for (const process of this.#processes) if (process.spec.name !== POSTGRES) process.kill();
  }

  /** Stops, starts or restarts the instances of some apps while the rest runs on; they stop in the order of a whole stop. */
  async command(verb: 'stop' | 'start' | 'restart', names: readonly string[], deadlineMs = STOP_MS): Promise<void> {
    const present = [...new Set(this.#processes.map(({ spec }) => spec.name))];
    const unknown = names.find((name) => !present.includes(name));
    if (unknown) throw usage(`"${unknown}" does not run here. These do: ${present.join(', ')}.`);
    if (verb !== 'start') {
      for (const group of this.#stopOrder()) {
        const stopping = group.filter((name) => names.includes(name)).flatMap((name) => this.#named(name));
        await Promise.all(stopping.map((process) => process.stop(deadlineMs)));
      }
    }
    if (verb === 'stop') return;
    for (const process of names.flatMap((name) => this.#named(name))) process.startAfresh();
  }

  /** Waits until all instances of the apps are ready, or one has crashed (which is told where it happens); true when they are. */
  async settled(names: readonly string[]): Promise<boolean> {
    const states = () => names.flatMap((name) => this.#named(name)).map(({ state }) => state);
    await this.until(
      () =>
        states().every((state) => state === 'ready') ||
        states().some((state) => state === 'restarting' || state === 'stopped'),
    );
    return states().every((state) => state === 'ready');
  }

  /** Resolves once the condition holds; it is asked again after each change of a process. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.#watchers.delete(check);
        resolve();
      };
      this.#watchers.add(check);
      check();
    });
  }

  /** What the state file says about each process. */
  snapshot(): InstanceState[] {
    const purposes = new Map(this.#options.plan.apps.map(({ app }) => [app.name, app.app.purpose]));
    return this.#processes.map(({ spec, state, pid, urls, restarts, waiting }) => ({
      name: spec.name,
      index: spec.index,
      purpose: purposes.get(spec.name) ?? POSTGRES_PURPOSE,
      state,
      urls,
      restarts,
      ...(pid !== undefined && { pid }),
      ...(waiting && { waiting }),
    }));
  }

  /** Variables that tools outside need, without passwords. */
  variables(): Record<string, string> {
    const { DISCOVERY_URL, CONFIG_URL } = sharedVariables(this.#facts);
    const gateway = this.#options.ports.get('gateway');
    return {
      ...(DISCOVERY_URL && { DISCOVERY_URL }),
      ...(CONFIG_URL && { CONFIG_URL }),
      ...(gateway && { GATEWAY_URL: `http://127.0.0.1:${gateway}` }),
    };
  }

  /** Variables that hold passwords. */
  secrets(): PlatformSecrets {
    const { MESSAGING_URL } = sharedVariables(this.#facts);
    const databases = this.#options.plan.apps.flatMap(({ app }) => {
      const url = databaseUrl(app, this.#facts);
      return url ? [[`${variablePrefix(app.name)}_DATABASE_URL`, url]] : [];
    });
    return { ...Object.fromEntries(databases), ...(MESSAGING_URL && { MESSAGING_URL }) };
  }

  #instances({ app, instances }: Plan['apps'][number]): ManagedProcess[] {
    return Array.from({ length: instances }, (_, at) => {
      const index = at + 1;
      const environment = instanceVariables(app, index, this.#facts);
      return new ManagedProcess(
        { name: app.name, index, entry: join(app.directory, 'dist', 'main.js'), cwd: this.#options.root, environment },
        this.#events(),
      );
    });
  }

  #postgres(compileCache: string): ManagedProcess {
    const { root, home, plan, ports } = this.#options;
    const databases = plan.apps.filter(({ app }) => app.app.needs.includes(POSTGRES)).map(({ app }) => app.name);
    const environment = {
      PATH: process.env.PATH,
      LOG_LEVEL: this.#options.environment.LOG_LEVEL,
      NODE_COMPILE_CACHE: compileCache,
      ROOKERY_HOME: home,
      POSTGRES_PORT: String(ports.get(POSTGRES)),
      POSTGRES_DATABASES: [...databases, MESSAGING_DATABASE].join(','),
    };
    const entry = fileURLToPath(new URL(`../postgres/main${extname(import.meta.url)}`, import.meta.url));
    return new ManagedProcess({ name: POSTGRES, index: 1, entry, cwd: root, environment }, this.#events());
  }

  #events(): ProcessListener {
    return {
      changed: () => {
        this.#listener.changed();
        this.#settleStart();
        for (const check of this.#watchers) check();
      },
      line: (process, line) => this.#listener.line(process, line),
      crashed: (process, crash) => {
        if (this.#startFailed && !crash.wasReady) this.#startFailed(new Failure(startFailure(process, crash)));
        else this.#listener.crashed(process, crash);
      },
    };
  }

  #settleStart(): void {
    if (this.#startDone && this.#processes.every(({ state }) => state === 'ready')) this.#startDone();
  }

  #whatIsMissing(startMs: number): string {
    const missing = this.#processes
      .filter(({ state }) => state !== 'ready')
      .map(({ spec, waiting }) => `${spec.name}${waiting ? ` (waits for ${waiting.for}: ${waiting.reason})` : ''}`);
    return `Not ready after ${startMs / 1000} s: ${missing.join(', ')}.`;
  }

  #stopOrder(): string[][] {
    return stopOrder(this.#options.plan.apps.map(({ app }) => app));
  }

  #named(name: string): ManagedProcess[] {
    return this.#processes.filter(({ spec }) => spec.name === name);
  }
}

function startFailure({ spec }: ManagedProcess, { how, reason }: Crash): string {
  return `${spec.name} did not start (${how})${reason ? `: ${reason}` : '; it said nothing. Try LOG_LEVEL=debug'}`;
}
