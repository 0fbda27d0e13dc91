import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from './build.ts';
import { median, type Report } from './figures.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MEASURE = fileURLToPath(new URL('./resilience/measure.ts', import.meta.url));

/** What one process measured. */
export interface Measured {
  /** Microseconds of processor time a call, a row of rounds for each contender. */
  readonly calls: Readonly<Record<string, readonly number[]>>;
  /** The same where the context of a request is carried, as in a service. */
  readonly traced: Readonly<Record<string, readonly number[]>>;
  /** Microseconds a decision. */
  readonly decisions: Readonly<Record<string, readonly number[]>>;
  /** Bytes that stay after many calls went well. */
  readonly retainedBytes: Readonly<Record<string, number>>;
  readonly hotParameterBytes: number;
}

/**
 * Each policy, and the whole pipeline, beside a bare async function, opossum and cockatiel: in one process, in short rounds
 * in turn, medians of the rounds. The pipeline is compared round by round with opossum in the same round.
 */
export async function run(): Promise<Report> {
  build();
  // A process of its own: what the build left in the heap would be measured along.
  const measured = spawnSync(process.execPath, ['--expose-gc', MEASURE], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (measured.status !== 0) throw new Error(`the measurement failed:\n${measured.stdout}${measured.stderr}`);
  return report(JSON.parse(measured.stdout) as Measured);
}

function report({ calls, traced, decisions, retainedBytes, hotParameterBytes }: Measured): Report {
  const ratio = (rounds: Measured['calls'], name: string) =>
    median((rounds[name] ?? []).map((each, round) => each / (rounds['opossum with timeout']?.[round] ?? Number.NaN)));
  const rows = (rounds: Measured['calls'], note = '') =>
    Object.entries(rounds).map(([name, each]) => [
      name + note,
      { µs: median(each).toFixed(2), 'x opossum with timeout': ratio(rounds, name).toFixed(2) },
    ]);
  console.log('µs of processor time a call, medians of rounds in turn');
  console.table(Object.fromEntries([...rows(calls), ...rows(traced, ', in a context')]));
  console.log('µs a decision (the clock is a parameter of it)');
  console.table(
    Object.fromEntries(Object.entries(decisions).map(([name, rounds]) => [name, { µs: median(rounds).toFixed(3) }])),
  );
  console.log('bytes that stay of a call that went well');
  console.table(
    Object.fromEntries(Object.entries(retainedBytes).map(([name, bytes]) => [name, { bytes: bytes.toFixed(2) }])),
  );
  const figures = [
    { name: 'resilience.pipeline_vs_opossum', value: ratio(calls, 'whole pipeline'), goal: { atMost: 2 } },
    {
      name: 'resilience.pipeline_in_a_context_vs_opossum',
      value: ratio(traced, 'whole pipeline'),
      goal: { atMost: 2 },
    },
    { name: 'resilience.limit_decision_us', value: median(decisions['flow rule'] ?? []), goal: { atMost: 0.2 } },
    {
      name: 'resilience.retained_bytes_a_call',
      value: retainedBytes['whole pipeline'] ?? Number.NaN,
      goal: { atMost: 1 },
    },
    { name: 'resilience.hot_parameters_mb', value: hotParameterBytes / 1e6, goal: { atMost: 10 } },
  ];
  return { figures, tables: [] };
}
