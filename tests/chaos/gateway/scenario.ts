import { SteadyLoad } from '../load.ts';
import type { Stage } from './stage.ts';

/** What became of the requests of one scenario. */
export interface Tally {
  name: string;
  sent: number;
  answered: number;
  failed: number;
  /** Why, each reason once. */
  reasons: readonly string[];
  slowestMs: number;
}

export interface Scenario {
  name: string;
  hurt(stage: Stage): Promise<void>;
  /** Ends what {@link hurt} has begun. */
  heal(stage: Stage): Promise<void>;
}

/** A steady load of GETs before, while and after something is hurt. */
export async function play(
  stage: Stage,
  { name, hurt, heal }: Scenario,
  { perSecond, requests }: { perSecond: number; requests: number },
): Promise<Tally> {
  let slowestMs = 0;
  const load = new SteadyLoad(perSecond, async () => {
    const { status, tookMs } = await stage.get();
    slowestMs = Math.max(slowestMs, tookMs);
    return status === 200 ? undefined : `status ${status}`;
  });
  try {
    await load.more(requests / 4);
    await hurt(stage);
    await load.more(requests / 2);
    await heal(stage);
    await load.more(requests / 4);
  } finally {
    await load.stop();
  }
  const { sent, failures } = await load.stop();
  const failed = failures.length;
  return { name, sent, answered: sent - failed, failed, reasons: [...new Set(failures)], slowestMs };
}

/** All instances but one. */
const most = ({ instances }: Stage) => instances.slice(1);

const signal = (name: NodeJS.Signals) => async (stage: Stage) => {
  for (const instance of most(stage)) instance.kill(name);
};

export const killed: Scenario = {
  name: 'instances killed',
  hurt: (stage) => stage.kill(most(stage)),
  heal: (stage) => stage.complete(),
};

export const hung: Scenario = { name: 'instances hung', hurt: signal('SIGSTOP'), heal: signal('SIGCONT') };

export const slowed: Scenario = {
  name: 'instances slowed to 3 s',
  hurt: (stage) => stage.behave(most(stage), { delayMs: 3_000 }),
  heal: (stage) => stage.behave(most(stage), {}),
};

export const mad: Scenario = {
  name: 'instances answer garbage',
  hurt: (stage) => stage.behave(most(stage), { garbage: true }),
  heal: (stage) => stage.behave(most(stage), {}),
};
