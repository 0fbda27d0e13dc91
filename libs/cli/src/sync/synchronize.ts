import type { Registry } from '@rookery/discovery';
import { Endpoint } from './endpoint.ts';
import type { SyncTimes } from './presence.ts';
import { RegistryMirror } from './registry-mirror.ts';
import type { Report } from './report.ts';
import { sayOf } from './say-of.ts';

/** How long releasing everything may take; what is not released by then expires. */
const LEAVE_MS = 10_000;

export interface SyncOptions {
  from: string;
  to: string;
  both: boolean;
  isMeant: (service: string) => boolean;
  times: SyncTimes;
  leaseMs: number;
  /** Releases what is mirrored at the end; it expires with its lease elsewhere. */
  leave: boolean;
  open: (url: string, log: { info(): void; warn(): void }) => Promise<Registry>;
  report: Report;
  signal: AbortSignal;
}

/** Mirrors one registry into another, or both into each other, until `signal` aborts. */
export async function synchronize(options: SyncOptions): Promise<void> {
  const { both, isMeant, times, leaseMs, leave, open, report, signal } = options;
  const onTurn = (endpoint: Endpoint, error?: unknown) => {
    const what = error === undefined ? 'answers again' : `is away, what is mirrored stays. ${sayOf(error)}`;
    report.line(`${endpoint.label} ${what}`);
    for (const mirror of mirrors) if (mirror.from === endpoint) mirror.turned();
    report.changed();
  };
  const mirrors: RegistryMirror[] = [];
  const endpoints: Endpoint[] = [];
  try {
    for (const url of [options.from, options.to]) endpoints.push(await Endpoint.open({ url, open, onTurn }));
    const [from, to] = endpoints as [Endpoint, Endpoint];
    const directions = both
      ? [
          { from, to },
          { from: to, to: from },
        ]
      : [{ from, to }];
    for (const direction of directions) {
      const tell = (line: string) => report.line(`${direction.from.label} -> ${direction.to.label}: ${line}`);
      mirrors.push(new RegistryMirror({ ...direction, isMeant, times, leaseMs, tell, onChange: report.changed }));
    }
    report.of(mirrors);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  } finally {
    await atMost(LEAVE_MS, Promise.all(mirrors.map((mirror) => mirror.close(leave))));
    await Promise.all(endpoints.map((endpoint) => endpoint.close()));
  }
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
