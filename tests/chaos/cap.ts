import type { Figure, Report } from '../bench/figures.ts';
import { whyNoNamespaces } from './cap/network.ts';
import { type Played, play } from './cap/play.ts';
import { systemsHere } from './cap/systems.ts';
import type { Count, Tally } from './cap/tally.ts';

/** The page that `--write` writes into. */
export const page = new URL('../../docs/cap.md', import.meta.url);

const CUT_MS = 12_000;
/** Elections and what clients need to find the new leader; a busy machine included. */
const NO_LEADER_MS = 8_000;

/** A node is cut off from two others: what each side still does. */
export async function run({ rounds = CUT_MS / 1_000 }: { rounds?: number } = {}): Promise<Report> {
  const why = whyNoNamespaces();
  if (why) throw new Error(`The chaos area cap is not played: ${why}`);
  const { here, missing } = systemsHere();
  for (const name of missing) console.log(`${name}: not played, its program is not here`);
  const played: Played[] = [];
  for (const system of here) {
    played.push(await play(system, rounds * 1_000));
    console.log(`${system.name}: played`);
  }
  return { figures: played.flatMap(figuresOf), tables: [tableOf(played)] };
}

/** The verdicts of the CAP theorem, as goals. */
export function figuresOf({ system, majority, minority, lostWrites }: Played): Figure[] {
  // What nobody tried was neither refused nor answered.
  for (const side of [majority, minority]) {
    for (const what of ['reads', 'writes', 'registrations', 'calls'] as const)
      if (side[what].sent === 0) throw new Error(`${system.name}: there were no ${what} while the network was cut`);
  }
  const prefix = `chaos.cap.${system.name.split(/\W/)[0]?.toLowerCase()}`;
  const failed = ({ sent, answered }: Count) => sent - answered;
  const figure = (name: string, value: number, goal: Figure['goal']): Figure => ({
    name: `${prefix}.${name}`,
    value,
    goal,
  });
  const callers = [
    figure('caller_failed.majority', failed(majority.calls), { atMost: 0 }),
    figure('caller_failed.cut_off', failed(minority.calls), { atMost: 0 }),
  ];
  if (system.kind === 'CP') {
    return [
      figure('writes_accepted.cut_off', minority.writes.answered, { atMost: 0 }),
      figure('registrations_accepted.cut_off', minority.registrations.answered, { atMost: 0 }),
      figure('reads_answered_after_5s.cut_off', minority.lateReads.answered, { atMost: 0 }),
      figure('stale_reads.majority', majority.staleReads, { atMost: 0 }),
      figure('lost_writes_after', lostWrites, { atMost: 0 }),
      figure('no_leader_ms.majority', majority.noLeaderMs, { atMost: NO_LEADER_MS }),
      ...callers,
    ];
  }
  return [
    figure('reads_failed.cut_off', failed(minority.reads), { atMost: 0 }),
    figure('stale_reads.cut_off', minority.staleReads, { atLeast: 1 }),
    figure('writes_failed.majority', failed(majority.writes), { atMost: 0 }),
    ...(system.replicated
      ? [figure('registrations_refused.cut_off', failed(minority.registrations), { atMost: 0 })]
      : []),
    ...callers,
  ];
}

function tableOf(played: readonly Played[]) {
  const share = ({ sent, answered }: Count) => `${answered} of ${sent}`;
  const row = (name: string, side: string, it: Tally, healed?: Played) => [
    ...[name, side, share(it.reads), String(it.staleReads), share(it.writes), share(it.registrations)],
    ...[(it.noLeaderMs / 1_000).toFixed(1), healed ? (healed.recoveredMs / 1_000).toFixed(1) : ''],
    ...[share(it.calls), healed ? String(healed.lostWrites) : ''],
  ];
  return {
    title: `Answered while the network was cut for ${(played[0]?.cutMs ?? 0) / 1_000} s: the leader and a client on one side, everybody else on the other`,
    columns: [
      ...['system', 'side', 'reads', 'stale', 'writes', 'registrations', 'longest without a write, s'],
      ...['writes again after, s', 'calls through the balancer', 'writes missing in the end'],
    ],
    rows: played.flatMap((each) => [
      row(`${each.system.name} (${each.system.kind})`, 'the others', each.majority),
      row('', 'cut off', each.minority, each),
    ]),
  };
}
