import { cpus, loadavg } from 'node:os';
import { Measures } from '../../state/measures.ts';
import { SlidingWindow } from '../../state/sliding-window.ts';

/** How busy the machine is. */
export interface MachineLoad {
  readonly load: number;
  /** 0 to 1, since the last look. */
  readonly cpu: number;
}

const LOOK_EVERY_MS = 1_000;
const TOTALS_EVERY_MS = 100;

/** All that came into the process and runs in it. Nothing here needs a timer: who asks brings the time. */
export class SystemState {
  readonly measures = new Measures();
  readonly #passes = new SlidingWindow(1_000);
  readonly #look: () => MachineLoad;
  #machine: MachineLoad = { load: 0, cpu: 0 };
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #totalsAtMs = Number.NEGATIVE_INFINITY;
  running = 0;
  meanMs = 0;
  minMs = 0;
  bestSecond = 0;

  constructor(look: () => MachineLoad = machineLoad()) {
    this.#look = look;
  }

  get load(): number {
    return this.#machine.load;
  }

  get cpu(): number {
    return this.#machine.cpu;
  }

  passes(nowMs: number): number {
    return this.#passes.sum(nowMs);
  }

  /** Brings what is looked at from time to time up to date. */
  refresh(nowMs: number): void {
    if (nowMs - this.#lookedAtMs >= LOOK_EVERY_MS) {
      this.#machine = this.#look();
      this.#lookedAtMs = nowMs;
    }
    if (nowMs - this.#totalsAtMs >= TOTALS_EVERY_MS) {
      const { durationMs, succeeded, failed, timedOut, minMs, bestSecond } = this.measures.totals(nowMs);
      const ended = succeeded + failed + timedOut;
      this.meanMs = ended === 0 ? 0 : durationMs / ended;
      this.minMs = minMs;
      this.bestSecond = bestSecond;
      this.#totalsAtMs = nowMs;
    }
  }

  admitted(nowMs: number): void {
    this.running++;
    this.#passes.add(nowMs);
  }
}

/** Reads load and processor of this machine; each look speaks of the time since the one before. */
function machineLoad(): () => MachineLoad {
  const times = () => {
    let idle = 0;
    let all = 0;
    for (const { times: each } of cpus()) {
      idle += each.idle;
      all += each.idle + each.user + each.nice + each.sys + each.irq;
    }
    return { idle, all };
  };
  let before = times();
  return () => {
    const now = times();
    const all = now.all - before.all;
    const cpu = all > 0 ? 1 - (now.idle - before.idle) / all : 0;
    before = now;
    return { load: loadavg()[0] ?? 0, cpu };
  };
}
