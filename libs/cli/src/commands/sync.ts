import type { Registry } from '@rookery/discovery';
import { Failure, usage } from '../failure.ts';
import { LiveBlock } from '../output/live-block.ts';
import { labelOf } from '../sync/mirrored.ts';
import { isMeant as isMeantBy } from '../sync/name-patterns.ts';
import type { SyncTimes } from '../sync/presence.ts';
import { preview } from '../sync/preview.ts';
import { Report } from '../sync/report.ts';
import { sayOf } from '../sync/say-of.ts';
import { synchronize } from '../sync/synchronize.ts';
import { stopSignals } from './signals.ts';

export interface SyncFlags extends SyncTimes {
  from?: string;
  to?: string;
  both?: boolean;
  only?: readonly string[];
  except?: readonly string[];
  dryRun?: boolean;
  leave?: boolean;
  leaseMs: number;
}

type Log = { info(): void; warn(): void };

/** Mirrors one registry into another for as long as nobody stops it, or shows what it would mirror. */
export async function sync(
  environment: NodeJS.ProcessEnv,
  flags: SyncFlags,
  print: (text: string) => void,
): Promise<void> {
  const from = flags.from ?? environment.SYNC_FROM;
  const to = flags.to ?? environment.SYNC_TO;
  if (!from || !to) throw usage('Say which registry is mirrored into which: --from <url> --to <url>.');
  if (labelOf(from) === labelOf(to)) throw usage('--from and --to are the same registry.');
  const { canRegister, createRegistry, outlivesProcess } = await import('@rookery/discovery');
  const isMeant = (service: string) => isMeantBy(service, flags);
  const both = flags.both === true;
  const open = (url: string, log?: Log): Promise<Registry> =>
    createRegistry(url, log ? { log } : {}).catch((error: unknown) => {
      throw usage(sayOf(error, url === from ? '--from' : '--to'));
    });
  for (const url of both ? [to, from] : [to]) {
    if (!canRegister(url)) throw usage(`Nothing can be registered in ${labelOf(url)}: it cannot be a target.`);
  }
  if (flags.dryRun) return print(`${await previewed(from, to, { both, isMeant, open })}\n`);

  const { signal, dispose } = stopSignals(() => process.exit(1));
  const live = process.stdout.isTTY ? new LiveBlock(print, () => process.stdout.columns || 80) : undefined;
  const report = new Report({ write: print, live });
  try {
    const { removalsAfterMs, afterOutageMs, giveUpAfterMs, leaseMs, leave = false } = flags;
    const times = { removalsAfterMs, afterOutageMs, giveUpAfterMs };
    await synchronize({ from, to, both, isMeant, times, leaseMs, leave, open, report, signal });
    const stays = (both ? [to, from] : [to]).map((url) =>
      outlivesProcess(url)
        ? `stays in ${labelOf(url)} for its lease of ${leaseMs / 1_000} s`
        : `is gone from ${labelOf(url)}, which has no leases`,
    );
    report.end(`what was mirrored ${leave ? 'is released' : stays.join(', ')}`);
  } finally {
    report.close();
    dispose();
  }
}

interface Previewed {
  both: boolean;
  isMeant: (service: string) => boolean;
  open: (url: string) => Promise<Registry>;
}

async function previewed(from: string, to: string, { both, isMeant, open }: Previewed): Promise<string> {
  const source = await open(from);
  try {
    const target = await open(to);
    try {
      const there = { name: schemeOf(from), from: source, to: target };
      const back = { name: schemeOf(to), from: target, to: source };
      return await preview(both ? [there, back] : [there], isMeant);
    } finally {
      await target.close();
    }
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(sayOf(error));
  } finally {
    await source.close();
  }
}

const schemeOf = (url: string): string => url.split(':', 1)[0] ?? '';
