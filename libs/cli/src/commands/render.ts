import type { Registry } from '@rookery/discovery';
import { Failure, usage } from '../failure.ts';
import { homeOf } from '../home/home.ts';
import { readState } from '../home/state-file.ts';
import { FollowedServices } from '../render/followed-services.ts';
import { keepRendered } from '../render/keep-rendered.ts';
import type { RenderedService } from '../render/rendered-service.ts';
import { type ReplaceOptions, replaceFile } from '../render/replace-file.ts';
import { runShell } from '../render/run-shell.ts';
import { stopSignals } from './signals.ts';

const ANSWER_MS = 5_000;

/** What `rookery render` was asked for, whatever it renders. */
export interface RenderFlags {
  service?: readonly string[];
  out?: string;
  watch?: boolean;
  check?: string;
  reload?: string;
  everyMs: number;
}

export interface RenderJob {
  flags: RenderFlags;
  render: (services: readonly RenderedService[]) => string;
  /** See {@link ReplaceOptions}. */
  checkable?: ReplaceOptions['checkable'];
  print: (text: string) => void;
}

/** Renders what the registry knows: once to where it is wanted, or into a file for as long as nobody stops it. */
export async function render(root: string, environment: NodeJS.ProcessEnv, job: RenderJob): Promise<void> {
  const { out, watch, reload, check } = job.flags;
  if (out === undefined && (watch || reload !== undefined || check !== undefined))
    throw usage('--watch, --check and --reload are for a file: say which with --out.');
  const url = environment.DISCOVERY_URL ?? readState(homeOf(root, environment))?.variables.DISCOVERY_URL;
  if (!url) throw new Failure('No platform runs here; start one with npm start, or set DISCOVERY_URL.');
  const { createRegistry } = await import('@rookery/discovery');
  const registry = await createRegistry(url);
  try {
    if (out !== undefined && watch) await keep(registry, out, job);
    else await once(registry, out, job);
  } finally {
    await registry.close();
  }
}

async function keep(registry: Registry, file: string, { flags, render, checkable, print }: RenderJob): Promise<void> {
  const { signal, dispose } = stopSignals(() => process.exit(1));
  const { service: names = [], check, reload, everyMs } = flags;
  const tell = (line: string) => print(`${new Date().toISOString()} ${line}\n`);
  try {
    await keepRendered({ registry, names, render, file, check, checkable, reload, everyMs, signal, tell });
  } finally {
    dispose();
  }
}

async function once(registry: Registry, file: string | undefined, job: RenderJob): Promise<void> {
  const { flags, render, checkable, print } = job;
  const followed = new FollowedServices(registry, flags.service ?? [], () => {});
  try {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(true), ANSWER_MS);
    });
    const isLate = await Promise.race([followed.ready().then(() => false), late]);
    clearTimeout(timer);
    if (isLate) throw new Failure(`The registry (DISCOVERY_URL) did not answer within ${ANSWER_MS / 1_000} s.`);
    const text = render(followed.services);
    if (file === undefined) return print(text);
    const wrote = await replaceFile(text, { file, check: flags.check, checkable });
    if (wrote && flags.reload !== undefined) await runShell('reload', flags.reload);
    print(`${file}: ${wrote ? 'written' : 'nothing new'}\n`);
  } finally {
    followed.close();
  }
}
