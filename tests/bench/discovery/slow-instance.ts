import type { BalanceInput } from '@rookery/discovery';
import type { Report } from '../figures.ts';
import { SETTING, simulate } from './simulation.ts';

const CONTENDERS: Readonly<Record<string, BalanceInput>> = {
  p2c: 'p2c',
  'least-request': 'least-request',
  'round-robin': 'round-robin',
  'weighted-round-robin': 'weighted-round-robin',
  random: 'random',
  'ring-hash': 'ring-hash',
  'ring-hash, bounded load 1.25': { algorithm: 'ring-hash', boundedLoad: 1.25 },
  maglev: 'maglev',
  'maglev, bounded load 1.25': { algorithm: 'maglev', boundedLoad: 1.25 },
  'p2c, subset of 5': { algorithm: 'p2c', subset: 5 },
};

/** What callers feel of one slow instance under each algorithm: simulated, so the same on any machine. */
export function run(): Report {
  const { callers, instances, workers, workMs, slowFactor, callsPerSecond } = SETTING;
  const simulated = Object.entries(CONTENDERS).map(([name, balance]) => [name, simulate({ balance })] as const);
  const p99Of = (wanted: string) => simulated.find(([name]) => name === wanted)?.[1].p99Ms ?? Number.NaN;
  return {
    figures: [
      {
        name: 'discovery.slow_instance_p2c_p99_vs_round_robin',
        value: p99Of('p2c') / p99Of('round-robin'),
        goal: { atMost: 0.5 },
      },
      {
        name: 'discovery.slow_instance_least_request_p99_vs_round_robin',
        value: p99Of('least-request') / p99Of('round-robin'),
        goal: { atMost: 0.75 },
      },
    ],
    tables: [
      {
        title: `One of ${instances} instances is ${slowFactor} times slower: a simulation of ${callers} callers, ${callsPerSecond} calls/s of ${workMs} ms, ${workers} at a time in an instance`,
        columns: ['algorithm', 'p50 ms', 'p99 ms', 'calls to the slow one'],
        rows: simulated.map(([name, { p50Ms, p99Ms, slowShare }]) => [
          name,
          p50Ms.toFixed(1),
          p99Ms.toFixed(1),
          `${(slowShare * 100).toFixed(1)} %`,
        ]),
      },
    ],
  };
}
