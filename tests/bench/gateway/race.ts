import type { ChildProcess } from 'node:child_process';
import { median } from '../figures.ts';
import type { LoadOrder, LoadResult } from './load.ts';
import { cpuMicros, message } from './processes.ts';

export const CONNECTIONS = 64;
/** Short rounds in turn: what else the machine does hits all alike. */
const ROUND_MS = 400;
/** Enough for the compiler to have seen the whole way, at most this long. */
const WARM_UP_REQUESTS = 60_000;
const WARM_UP_MS = 8_000;
/** Not counted: each was idle while the others were warmed up, and memory and code that V8 gave up meanwhile come back. */
const SETTLING_ROUNDS = 2;

type Round = LoadResult & { cpuMicros: number };
type Measure = 'perSecond' | 'p50Ms' | 'p99Ms' | 'cpuMicros';

export interface Contestant {
  name: string;
  child: ChildProcess;
  port: number;
  headers?: Readonly<Record<string, string>>;
}

/**
 * The rounds of all contestants, in turn. In several heats: two processes of one program differ by a twentieth, by what
 * the compiler made of the first requests that it saw, so that each is started anew for each heat.
 */
export class Race {
  readonly #rounds = new Map<string, Round[]>();

  get names(): string[] {
    return [...this.#rounds.keys()];
  }

  async heat(load: ChildProcess, contestants: readonly Contestant[], rounds: number): Promise<void> {
    for (const contestant of contestants) {
      if (!this.#rounds.has(contestant.name)) this.#rounds.set(contestant.name, []);
      const endMs = performance.now() + WARM_UP_MS;
      for (let sent = 0; sent < WARM_UP_REQUESTS && performance.now() < endMs; )
        sent += (await runRound(load, contestant, 500)).answered;
    }
    for (let turn = -SETTLING_ROUNDS; turn < rounds; turn++) {
      for (const contestant of turn % 2 === 0 ? contestants : contestants.toReversed()) {
        const round = await runRound(load, contestant, ROUND_MS);
        if (turn >= 0) this.#rounds.get(contestant.name)?.push(round);
      }
    }
  }

  median(name: string, key: Measure): number {
    return median(this.#of(name).map((round) => round[key]));
  }

  /** Round by round against the other in the same turn; not a number where one of them is absent. */
  ratio(name: string, other: string, key: Measure): number {
    const others = this.#of(other);
    return median(this.#of(name).map((round, turn) => round[key] / (others[turn]?.[key] ?? Number.NaN)));
  }

  #of(name: string): readonly Round[] {
    return this.#rounds.get(name) ?? [];
  }
}

async function runRound(
  load: ChildProcess,
  { name, port, child, headers }: Contestant,
  durationMs: number,
): Promise<Round> {
  const order: LoadOrder = { port, path: '/api/catalog/films/1', connections: CONNECTIONS, durationMs, headers };
  const beforeMicros = cpuMicros(child);
  load.send(order);
  const result = await message<LoadResult>(load);
  if (result.failed > 0) throw new Error(`${result.failed} requests to ${name} failed, first: ${result.failure}`);
  return { ...result, cpuMicros: (cpuMicros(child) - beforeMicros) / result.answered };
}
