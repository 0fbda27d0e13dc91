import type { Figure, Report } from '../bench/figures.ts';
import { startPlatform } from '../platform/platform.ts';
import { type HangingTally, hangingInstance } from './discovery/hanging-instance.ts';

const PER_SECOND = 20;
const ORDERS = 200;

/** Callers of a service while one of its instances hangs: orders ask the catalog by gRPC. */
export async function run({ rounds: orders = ORDERS }: { rounds?: number } = {}): Promise<Report> {
  const platform = await startPlatform({ scale: { catalog: 2 } });
  try {
    const tallies = await hangingInstance(platform, { perSecond: PER_SECOND, orders });
    return {
      figures: figuresOf(tallies),
      tables: [
        {
          title: `Orders, ${PER_SECOND} a second, while one of two instances of the catalog hangs (SIGSTOP)`,
          columns: ['while', 'sent', 'placed', 'failed', 'slowest, ms'],
          rows: tallies.map(({ phase, sent, failed, slowestMs }) => {
            const sum = countOf(failed);
            const why = [...failed].map(([what, count]) => `${count} x ${what}`).join(', ');
            return [phase, String(sent), String(sent - sum), why || '0', slowestMs.toFixed(0)];
          }),
        },
      ],
    };
  } finally {
    await platform.stop();
  }
}

function figuresOf(tallies: readonly HangingTally[]): Figure[] {
  const refused = tallies.flatMap(({ failed }) => [...failed]).filter(([what]) => what.includes('CIRCUIT_OPEN'));
  return [
    {
      name: 'chaos.discovery.orders_failed',
      value: tallies.reduce((sum, { failed }) => sum + countOf(failed), 0),
      goal: { atMost: 0 },
    },
    {
      name: 'chaos.discovery.refused_by_breaker',
      value: refused.reduce((sum, [, count]) => sum + count, 0),
      goal: { atMost: 0 },
    },
  ];
}

const countOf = (failed: HangingTally['failed']): number => [...failed.values()].reduce((sum, count) => sum + count, 0);
