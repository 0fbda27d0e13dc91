import { setTimeout as pause } from 'node:timers/promises';
import { Network } from './network.ts';
import type { Probe } from './side.ts';
import { SideProcess } from './side-process.ts';
import { NODES, type System } from './systems.ts';
import { type Cut, type Tally, tally } from './tally.ts';

const BEFORE_MS = 1_500;
/** What a system has after a cut to become whole again; then both sides are asked for what was written last. */
const HEALED_MS = 8_000;
const AGREED_MS = 2_000;

export interface Played {
  system: System;
  cutMs: number;
  majority: Tally;
  minority: Tally;
  /** From the end of the cut until the side that was cut off has a write acknowledged again. */
  recoveredMs: number;
  /** How many acknowledged writes of the majority are missing from what the sides read at the end. */
  lostWrites: number;
}

const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
const HOSTS = [...NODES, 'majority', 'minority'];

/** Starts the system on three hosts, cuts its leader and one client off, and puts the network together again. */
export async function play(system: System, cutMs: number, healedMs = HEALED_MS): Promise<Played> {
  const network = new Network(HOSTS);
  const running: Array<{ stop(): Promise<unknown> }> = [];
  try {
    const nodes = await system.start(network);
    running.push(nodes);
    const sideOf = (side: 'majority' | 'minority'): SideProcess => {
      const names = NODES.filter((name) => (name === nodes.victim) === (side === 'minority'));
      const process = new SideProcess(network.host(side), {
        side,
        url: nodes.url(names.map((name) => network.host(name))),
      });
      running.push({ stop: () => process.kill() });
      return process;
    };
    const [majority, minority] = [sideOf('majority'), sideOf('minority')];
    await Promise.all([majority.ready(), minority.ready()]);
    await pause(BEFORE_MS);
    network.cutOff(nodes.victim, 'minority');
    const fromMs = nowMs();
    await pause(cutMs);
    const cut = { fromMs, untilMs: nowMs() };
    network.heal();
    await pause(healedMs);
    return { system, cutMs, ...(await afterwards(majority, minority, cut)) };
  } finally {
    for (const each of running.reverse()) await each.stop();
    network.close();
  }
}

async function afterwards(majority: SideProcess, minority: SideProcess, cut: Cut) {
  const of = await majority.stop();
  // Peers that agree again in the end may need a moment to.
  await pause(AGREED_MS);
  const off = await minority.stop();
  const acknowledged = Math.max(...of.probes.map(({ kind, ok, value = 0 }) => (kind === 'write' && ok ? value : 0)));
  return {
    majority: tally(of.probes, of.probes, cut),
    minority: tally(off.probes, of.probes, cut),
    recoveredMs: firstWriteAfter(off.probes, cut.untilMs) - cut.untilMs,
    lostWrites: Math.max(0, acknowledged - of.finalRead, acknowledged - off.finalRead),
  };
}

function firstWriteAfter(probes: readonly Probe[], atMs: number): number {
  const first = probes.find(({ kind, ok, startedAtMs }) => kind === 'write' && ok && startedAtMs >= atMs);
  return first?.endedAtMs ?? Number.POSITIVE_INFINITY;
}
