import type { Registry } from '@rookery/discovery';
import { Failure, messageOf, usage } from '../failure.ts';
import { homeOf } from '../home/home.ts';
import { readState } from '../home/state-file.ts';
import { openRegistry } from '../open-registry.ts';
import { FollowedServices } from '../render/followed-services.ts';
import { keepRendered } from '../render/keep-rendered.ts';
import { keepsInstances, stays } from '../render/keeps-instances.ts';
import { Outage } from '../render/outage.ts';
import type { RenderedService } from '../render/rendered-service.ts';
import { type ReplaceOptions, replaceFile } from '../render/replace-file.ts';
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
  const outage = new Outage((reason) => {
    if (out !== undefined && watch) stamped(job, `${reason} ${out} stays as it is.`);
  });
  const registry = await openRegistry(url, { log: outage });
  try {
    if (out !== undefined && watch) await keep(registry, out, job, outage);
    else await once(registry, out, job);
  } finally {
    await registry.close();
  }
}

const stamped = ({ print }: RenderJob, line: string): void => print(`${new Date().toISOString()} ${line}\n`);

async function keep(registry: Registry, file: string, job: RenderJob, outage: Outage): Promise<void> {
  const { flags, render, checkable } = job;
  const { signal, dispose } = stopSignals(() => process.exit(1));
  const { service: names = [], check, reload, everyMs } = flags;
  const tell = (line: string) => stamped(job, line);
  void outage.watchBeginning(registry, signal);
  try {
    await keepRendered({ registry, names, render, file, check, checkable, reload, everyMs, signal, tell });
  } finally {
    dispose();
  }
}

async function once(registry: Registry, file: string | undefined, job: RenderJob): Promise<void> {
  const { flags, render, checkable, print } = job;
  const names = flags.service ?? [];
  // Who asks is told why there is no answer; who watches waits for one.
  await (names[0] === undefined ? registry.services() : registry.instances(names[0])).catch((error: unknown) => {
    throw new Failure(messageOf(error));
  });
  const followed = new FollowedServices(registry, names, () => {});
  try {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(true), ANSWER_MS);
    });
    const isLate = await Promise.race([followed.ready().then(() => false), late]);
    clearTimeout(timer);
    if (isLate) throw new Failure(`The registry (DISCOVERY_URL) did not answer within ${ANSWER_MS / 1_000} s.`);
    const { services } = followed;
    if (file === undefined) return print(render(services));
    if (keepsInstances(file, services)) throw new Failure(stays(file));
    const { check, reload } = flags;
    const did = await replaceFile(render(services), { file, check, checkable, reload });
    print(`${file}: ${did ? 'written' : 'nothing new'}\n`);
  } finally {
    followed.close();
  }
}
