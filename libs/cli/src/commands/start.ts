import { Failure } from '../failure.ts';
import { declareDevClient } from '../home/auth-clients.ts';
import { openControl } from '../home/control.ts';
import { homeOf, openHome, wipeHome } from '../home/home.ts';
import { LOCK_FILE, takeLock } from '../home/lock.ts';
import { type PlatformState, removeState, writeSecrets, writeState } from '../home/state-file.ts';
import { label } from '../output/names.ts';
import type { Output } from '../output/output.ts';
import { POSTGRES, planStart } from '../plan/plan.ts';
import { settlePorts, wantedPorts } from '../plan/ports.ts';
import { AUTH } from '../plan/variables.ts';
import { Platform } from '../platform/platform.ts';
import { endOrphan } from '../postgres/orphan.ts';
import { dataFolder } from '../postgres/password.ts';
import { build } from '../workspace/build.ts';
import { withDependencies } from '../workspace/dependencies.ts';
import { appsOf, type Project, readProjects } from '../workspace/projects.ts';
import { exampleCalls } from './examples.ts';
import { stopSignals } from './signals.ts';

export interface StartOptions {
  root: string;
  environment: NodeJS.ProcessEnv;
  output: Output;
  only?: readonly string[];
  scale?: ReadonlyMap<string, number>;
  fresh?: boolean;
  /** Called when all are ready; what it returns is closed before the platform stops. */
  whenReady?(platform: Platform, projects: readonly Project[]): { close(): Promise<void> };
}

/** How long the processes of a platform that was killed may take to let go of their ports. */
const LEFTOVERS_MS = 10_000;

/** Starts the platform and runs it until it is asked to stop. Returns the exit code. */
export async function start({
  root,
  environment,
  output,
  only,
  scale,
  fresh,
  whenReady,
}: StartOptions): Promise<number> {
  const startedAtMs = Date.now();
  const projects = readProjects(root);
  const plan = planStart(appsOf(projects), {
    ...(only && { only }),
    ...(scale && { scale }),
    external: externalParts(environment),
  });
  if (plan.apps.length === 0)
    throw new Failure(`There are no apps in ${root}/apps; run this in a Rookery workspace.`, 2);
  const wanted = wantedPorts(plan, environment);

  const home = homeOf(root, environment);
  openHome(home);
  const lock = takeLock(home);
  let platform: Platform | undefined;
  const stopping = stopSignals(() => {
    platform?.kill();
    removeState(home);
    lock.release();
    process.exit(130);
  });
  try {
    const ports = await settlePorts(wanted, {
      host: environment.HOST ?? '127.0.0.1',
      patienceMs: lock.recovered ? LEFTOVERS_MS : 0,
    });
    if (fresh) {
      await endOrphan(dataFolder(home));
      wipeHome(home, LOCK_FILE);
    }
    if (plan.apps.some(({ app }) => app.name === AUTH)) declareDevClient(home);

    const running = new Platform(
      { root, home, plan, ports, environment },
      {
        changed: () => {
          output.progress(running.snapshot());
          publish();
        },
        line: ({ spec }, line) => output.line(label(spec, running.snapshot()), line),
        crashed: ({ spec }, { how, reason, restartInMs }) =>
          output.notice(
            `${label(spec, running.snapshot())} crashed (${how})${reason ? `: ${reason}` : ''}; it starts again in ${restartInMs / 1000} s`,
          ),
      },
    );
    platform = running;
    const control = await openControl(async (verb, app) => {
      await running.command(verb, [app]);
      if (verb !== 'stop' && !(await running.settled([app])))
        throw new Failure(`${app} did not become ready; the terminal of the platform says why.`);
    });
    const state: Omit<PlatformState, 'services'> = {
      pid: process.pid,
      phase: 'starting',
      startedAt: new Date(startedAtMs).toISOString(),
      variables: { ...running.variables(), CONTROL_URL: control.url },
    };
    const publish = coalesced(() => writeState(home, { ...state, services: running.snapshot() }));
    writeSecrets(home, { ...running.secrets(), CONTROL_TOKEN: control.token });

    let watching: { close(): Promise<void> } | undefined;
    try {
      if (ports.has(POSTGRES)) running.startDatabase();
      await build({
        root,
        projects: withDependencies(
          plan.apps.map(({ app }) => app),
          projects,
        ),
        signal: stopping.signal,
        onStep: (text) => output.step(text),
      });
      if (!stopping.signal.aborted) await untilStopped(running.start(), stopping.signal);
      if (!stopping.signal.aborted) {
        const names = new Set(plan.apps.map(({ app }) => app.name));
        const examples = await exampleCalls(state.variables.GATEWAY_URL, names, stopping.signal);
        state.phase = 'ready';
        state.readyInMs = Date.now() - startedAtMs;
        publish.now();
        output.ready(running.snapshot(), state.readyInMs, examples);
        watching = whenReady?.(running, projects);
        await untilStopped(new Promise(() => {}), stopping.signal);
      }
      return 0;
    } finally {
      state.phase = 'stopping';
      control.close();
      if (stopping.signal.aborted) output.step('stopping');
      await watching?.close();
      await running.stop();
      publish.cancel();
    }
  } finally {
    removeState(home);
    lock.release();
    stopping.dispose();
  }
}

/** Needs that a variable of the environment meets from outside. */
function externalParts(environment: NodeJS.ProcessEnv): Set<string> {
  const parts = { DISCOVERY_URL: 'registry', CONFIG_URL: 'config-center', DATABASE_URL: POSTGRES };
  return new Set(Object.entries(parts).flatMap(([variable, part]) => (environment[variable] ? [part] : [])));
}

/** The work's end, or the wish to stop, whichever comes first. */
async function untilStopped(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  let listener = () => {};
  const asked = new Promise<void>((resolve) => {
    listener = resolve;
    if (signal.aborted) resolve();
    signal.addEventListener('abort', listener, { once: true });
  });
  // A signal is waited for without anything else that keeps the process alive.
  const awake = setInterval(() => {}, 2 ** 30);
  try {
    await Promise.race([work, asked]);
  } finally {
    clearInterval(awake);
    signal.removeEventListener('abort', listener);
    // What fails while everything stops is of no interest.
    if (signal.aborted) work.catch(() => {});
  }
}

/** One write for many changes in a row. */
function coalesced(write: () => void): { (): void; now(): void; cancel(): void } {
  let timer: NodeJS.Immediate | undefined;
  const cancel = () => {
    clearImmediate(timer);
    timer = undefined;
  };
  const now = () => {
    cancel();
    write();
  };
  const soon = () => {
    timer ??= setImmediate(now);
  };
  return Object.assign(soon, { now, cancel });
}
