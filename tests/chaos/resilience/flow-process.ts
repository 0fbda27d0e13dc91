// One of several processes that share a cluster-flow limit; tells in which tenths of a second it admitted how many calls.
import { openRateStore, Resources, Rules } from '@rookery/resilience';
import { OpenLoop } from './open-loop.ts';

/** Length of the stretches in which calls are counted, in ms. */
export const SLOT_MS = 100;

/** Admitted calls by the number of the slot since the epoch. */
export type Admitted = Readonly<Record<number, number>>;

export interface FlowProcess {
  redisUrl: string;
  /** Of all processes together. */
  limit: number;
  batch: number;
  instances: number;
  /** What this one is asked for. */
  perSecond: number;
}

const given = JSON.parse(process.argv[2] ?? '') as FlowProcess;
const { redisUrl, perSecond, ...rule } = given;
const store = await openRateStore(redisUrl);
const resources = new Resources({ store });
resources.load(Rules.parse({ shared: { kind: 'cluster-flow', resource: 'shared', ...rule } }));
const admitted: Record<number, number> = {};
const load = new OpenLoop(perSecond, () =>
  resources.run('shared', async () => {
    const slot = Math.floor(Date.now() / SLOT_MS);
    admitted[slot] = (admitted[slot] ?? 0) + 1;
  }),
);
process.on('message', () => process.send?.(admitted));
process.on('disconnect', async () => {
  await load.stop();
  await store.close();
});
process.send?.('ready');
