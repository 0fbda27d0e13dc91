import { eventually } from '../../e2e/client.ts';
import { Shop } from '../../e2e/shop.ts';
import type { Platform } from '../../platform/platform.ts';
import { SteadyLoad } from '../load.ts';

export interface HangingOptions {
  perSecond: number;
  /** Before the instance hangs, and after it goes on; four times as many while it hangs. */
  orders: number;
}

/** Orders while one instance of the catalog, which each of them asks by gRPC, hangs and goes on. */
export interface HangingTally {
  phase: 'well' | 'one hangs' | 'it goes on';
  sent: number;
  /** What was answered instead of 201, and how often. */
  failed: ReadonlyMap<string, number>;
  slowestMs: number;
}

/** One of two instances of the catalog is stopped (SIGSTOP): its connections stay, and nothing answers on them. */
export async function hangingInstance(
  platform: Platform,
  { perSecond, orders }: HangingOptions,
): Promise<HangingTally[]> {
  await platform.instances('catalog', 2);
  const shop = new Shop(platform);
  const filmId = await shop.someFilmId();
  // Both are known to the callers, with a connection to each.
  await eventually('orders are placed', async () => ((await shop.order(filmId)).status === 201 ? true : undefined));
  const phase = async (name: HangingTally['phase'], count: number): Promise<HangingTally> => {
    let slowestMs = 0;
    const load = new SteadyLoad(perSecond, async () => {
      const startedAtMs = performance.now();
      const { status, body } = await shop.order(filmId);
      slowestMs = Math.max(slowestMs, performance.now() - startedAtMs);
      return status === 201 ? undefined : `${status} ${body?.code ?? ''}`.trim();
    });
    await load.more(count);
    const { sent, failures } = await load.stop();
    const failed = new Map([...Map.groupBy(failures, (failure) => failure)].map(([what, all]) => [what, all.length]));
    return { phase: name, sent, failed, slowestMs };
  };
  const [victim] = platform.pids('catalog');
  const tallies = [await phase('well', orders)];
  await platform.kill('catalog', victim, 'SIGSTOP');
  try {
    tallies.push(await phase('one hangs', 4 * orders));
  } finally {
    await platform.kill('catalog', victim, 'SIGCONT');
  }
  tallies.push(await phase('it goes on', orders));
  return tallies;
}
