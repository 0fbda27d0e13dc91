import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from '@rookery/discovery';
import { messageOf } from '../failure.ts';
import { FollowedServices } from './followed-services.ts';
import { keepsInstances, stays } from './keeps-instances.ts';
import type { RenderedService } from './rendered-service.ts';
import { type ReplaceOptions, replaceFile } from './replace-file.ts';

/** Changes that come together are written together. */
const SETTLE_MS = 100;
const RETRY_MS = 2_000;

export interface KeepRenderedOptions extends ReplaceOptions {
  registry: Registry;
  names: readonly string[];
  render: (services: readonly RenderedService[]) => string;
  /** The shortest time between two reloads. */
  everyMs: number;
  signal: AbortSignal;
  tell: (line: string) => void;
}

/** Keeps a file as the registry is, until `signal` aborts. What fails is told and tried again. */
export async function keepRendered(options: KeepRenderedOptions): Promise<void> {
  const { registry, names, render, file, reload, everyMs, signal, tell } = options;
  let changed = Promise.withResolvers<void>();
  const services = new FollowedServices(registry, names, () => changed.resolve());
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {});
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  let told = '';
  const tellOnce = (line: string) => {
    if (line !== told && line !== '' && !signal.aborted) tell(line);
    told = line;
  };
  try {
    await Promise.race([services.ready(), stopped]);
    while (!signal.aborted) {
      await pause(SETTLE_MS);
      if (signal.aborted) return;
      changed = Promise.withResolvers();
      let waitMs = everyMs;
      try {
        const known = services.services;
        if (keepsInstances(file, known)) tellOnce(stays(file));
        else {
          const did = await replaceFile(render(known), options);
          if (did) tell(`${file}: written${reload === undefined ? '' : ' and reloaded'}`);
          tellOnce('');
        }
      } catch (error) {
        waitMs = RETRY_MS;
        changed.resolve();
        tellOnce(messageOf(error));
      }
      await pause(waitMs);
      await Promise.race([changed.promise, stopped]);
    }
  } finally {
    services.close();
  }
}
