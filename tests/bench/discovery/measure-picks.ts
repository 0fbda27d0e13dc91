import { type Instance, type InstancesListener, Upstreams } from '@rookery/discovery';
import type { MeasuredPicks } from './picks.ts';

const INSTANCES = 100;
const ROUNDS = 15;
const PICKS_A_ROUND = 300_000;
const WARM_UP_PICKS = 1_000_000;

const instances: Instance[] = Array.from({ length: INSTANCES }, (_, at) => ({
  id: `catalog-${at}`,
  service: 'catalog',
  address: '10.0.0.1',
  port: 3_000 + at,
  weight: 1 + (at % 3),
  metadata: {},
}));
const registry = {
  watch: (_service: string, _listener: InstancesListener) => ({
    current: instances,
    ready: Promise.resolve(),
    close: () => {},
  }),
};

/** Each instance has been called, and some calls run: what a client finds in the middle of its day. */
function inUse() {
  const upstream = new Upstreams(registry).of('catalog');
  for (const [at, instance] of instances.entries()) {
    upstream.begin(instance);
    upstream.end(instance, 2 + (at % 7), true);
    if (at % 4 === 0) upstream.begin(instance);
  }
  return upstream;
}

const contenders = { p2c: inUse() };
const picks: Record<string, number[]> = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
let last: Instance | undefined;

function perSecond(upstream: ReturnType<typeof inUse>, count: number): number {
  const startedAtMs = performance.now();
  for (let pick = 0; pick < count; pick++) last = upstream.pick();
  return count / ((performance.now() - startedAtMs) / 1_000);
}

for (const upstream of Object.values(contenders)) perSecond(upstream, WARM_UP_PICKS);
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, upstream] of Object.entries(contenders)) picks[name]?.push(perSecond(upstream, PICKS_A_ROUND));
}
if (!last) throw new Error('nothing was chosen');
process.stdout.write(JSON.stringify(picks satisfies MeasuredPicks), () => process.exit());
