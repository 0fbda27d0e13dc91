import { type BalanceInput, type Instance, type InstancesListener, parseBalance, Upstreams } from '@rookery/discovery';
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
  zone: 'abc'.charAt(at % 3),
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
function inUse(balance: BalanceInput) {
  const upstream = new Upstreams(registry, { zone: 'a' }).of('catalog', parseBalance(balance));
  for (const [at, instance] of instances.entries()) {
    upstream.begin(instance);
    upstream.end(instance, 2 + (at % 7), true);
    if (at % 4 === 0) upstream.begin(instance);
  }
  return upstream;
}

const PLAIN = { zone: { prefer: false } };

interface Contender {
  upstream: ReturnType<typeof inUse>;
  key?: string;
}

const contenders: Record<string, Contender> = {
  p2c: { upstream: inUse(PLAIN) },
  'p2c, own zone first': { upstream: inUse('p2c') },
  'least-request': { upstream: inUse({ ...PLAIN, algorithm: 'least-request' }) },
  'round-robin': { upstream: inUse({ ...PLAIN, algorithm: 'round-robin' }) },
  'weighted-round-robin': { upstream: inUse({ ...PLAIN, algorithm: 'weighted-round-robin' }) },
  random: { upstream: inUse({ ...PLAIN, algorithm: 'random' }) },
  'ring-hash': { upstream: inUse({ ...PLAIN, algorithm: 'ring-hash' }), key: 'user-4711' },
  maglev: { upstream: inUse({ ...PLAIN, algorithm: 'maglev' }), key: 'user-4711' },
  'maglev, bounded load': { upstream: inUse({ ...PLAIN, algorithm: 'maglev', boundedLoad: 1.25 }), key: 'user-4711' },
};
const picks: Record<string, number[]> = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
let last: Instance | undefined;

/** Seconds of processor time of this process: what else the machine does is not in it. */
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

function perSecond({ upstream, key }: Contender, count: number): number {
  const before = cpuSeconds();
  for (let pick = 0; pick < count; pick++) last = upstream.pick(undefined, key);
  return count / (cpuSeconds() - before);
}

for (const contender of Object.values(contenders)) perSecond(contender, WARM_UP_PICKS);
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, contender] of Object.entries(contenders)) picks[name]?.push(perSecond(contender, PICKS_A_ROUND));
}
if (!last) throw new Error('nothing was chosen');
process.stdout.write(JSON.stringify(picks satisfies MeasuredPicks), () => process.exit());
