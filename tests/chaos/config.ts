import { setTimeout as pause } from 'node:timers/promises';
import { CentreUnderWatch } from '../bench/config/centre-under-watch.ts';
import type { Report } from '../bench/figures.ts';

const WATCHERS = 1_000;
const RELEASES = 200;
const BETWEEN_MS = 500;
const CAUGHT_UP_EACH = 5;
const SETTLED_MS = 90_000;

/**
 * 1,000 watchers over 200 releases, two a second, each of which every client puts in force and reports, while a replica is
 * killed and comes back, and Postgres is killed and comes back.
 */
export async function run({ rounds: releases = RELEASES }: { rounds?: number } = {}): Promise<Report> {
  const centre = await CentreUnderWatch.start();
  try {
    const watchers = await centre.watch('chaos', WATCHERS);
    const hurts = new Map<number, () => Promise<void>>([
      [Math.ceil(releases / 3), () => centre.platform.kill('config-center')],
      [Math.ceil((releases * 2) / 3), () => centre.platform.killPostgres()],
    ]);
    const hurting: Promise<void>[] = [];
    for (let step = 1; step <= releases; step += 1) {
      const hurt = hurts.get(step);
      if (hurt) hurting.push(hurt());
      await centre.publish('chaos', step);
      await pause(BETWEEN_MS);
      // A machine that is slower than this pace is waited for: what counts is what is missed, not how soon.
      if (step % CAUGHT_UP_EACH === 0) await watchers.seen();
    }
    await Promise.all(hurting);
    const publishedAtMs = Date.now();
    let seen = await watchers.seen();
    const missing = () => seen.last.filter((step) => step !== releases).length;
    while (missing() > 0 && Date.now() - publishedAtMs < SETTLED_MS) {
      await pause(BETWEEN_MS);
      seen = await watchers.seen();
    }
    const settledMs = Date.now() - publishedAtMs;
    const { repeated } = centre;
    return {
      figures: [
        { name: 'chaos.config.watchers_missed', value: missing(), goal: { atMost: 0 } },
        { name: 'chaos.config.went_back', value: seen.wentBack, goal: { atMost: 0 } },
      ],
      tables: [
        {
          title: 'A replica is killed after a third of the releases, Postgres after two thirds; both come back',
          columns: [
            'watchers',
            'releases',
            'publications repeated',
            'watchers missed',
            'went back',
            'all at the last, ms',
          ],
          rows: [[WATCHERS, releases, repeated, missing(), seen.wentBack, settledMs].map(String)],
        },
      ],
    };
  } finally {
    await centre.close();
  }
}
