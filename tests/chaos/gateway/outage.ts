import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Manner } from './instance.ts';
import type { Stage } from './stage.ts';

/** How the instances are, one after another, while the outage lasts; the last one is no instance at all. */
const MANNERS: readonly Manner[] = [{ hang: true }, { reset: true }, { breakOff: true }];
const PHASE_MS = 4_000;
const CLIENTS = 64;
/** Each third client goes away before it has its answer. */
const PATIENCE_MS = 150;
/** Longer than connections to instances stay idle. */
const SETTLE_MS = 30_000;
const WARM_UP_MS = 5_000;
const AFTERWARDS = 200;

export interface Outage {
  seconds: number;
  sent: number;
  heapBeforeBytes: number;
  heapAfterBytes: number;
  socketsBefore: number;
  socketsAfter: number;
  /** Of so many GETs when the instances are well again. */
  failedAfterwards: number;
  sentAfterwards: number;
}

/** Load on instances that hang, reset, break off in the middle and vanish, in turn; then what is left of it in the gateway. */
export async function outage(stage: Stage, outageMs: number): Promise<Outage> {
  // The first outage shapes what stays for good: compiled code, pools, counters.
  await hurt(stage, WARM_UP_MS);
  const before = await settled(stage, 0);
  const sent = await hurt(stage, outageMs);
  const after = await settled(stage, before.sockets);
  let failedAfterwards = 0;
  for (let at = 0; at < AFTERWARDS; at++) {
    const status = await stage.get().then(
      (outcome) => outcome.status,
      () => 0,
    );
    if (status !== 200) failedAfterwards++;
  }
  return {
    seconds: outageMs / 1_000,
    sent,
    heapBeforeBytes: before.heapBytes,
    heapAfterBytes: after.heapBytes,
    socketsBefore: before.sockets,
    socketsAfter: after.sockets,
    failedAfterwards,
    sentAfterwards: AFTERWARDS,
  };
}

/** Answers how many requests were sent. */
async function hurt(stage: Stage, forMs: number): Promise<number> {
  const agent = new Agent({ connections: CLIENTS });
  const endMs = performance.now() + forMs;
  let sent = 0;
  const client = async (nth: number) => {
    while (performance.now() < endMs) {
      sent++;
      await ask(stage, agent, nth).catch(() => pause(2));
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, nth) => client(nth)));
  const phaseMs = Math.min(PHASE_MS, forMs / (MANNERS.length + 1));
  while (performance.now() < endMs) {
    for (const manner of MANNERS) {
      await stage.behave(stage.instances, manner);
      await pause(phaseMs);
    }
    await stage.kill([...stage.instances]);
    await pause(phaseMs);
    await stage.restart();
  }
  await clients;
  await agent.destroy();
  await stage.behave(stage.instances, {});
  await stage.complete();
  return sent;
}

async function ask(stage: Stage, dispatcher: Agent, nth: number): Promise<void> {
  const { body } = await request(stage.thing, {
    dispatcher,
    ...(nth % 2 === 0 ? {} : { method: 'POST', body: 'x'.repeat(2_000) }),
    signal: AbortSignal.timeout(nth % 3 === 0 ? PATIENCE_MS : 10_000),
  });
  await body.dump();
}

/** Heap and sockets of the gateway once it has nothing to do: at the latest after a while. */
async function settled(stage: Stage, sockets: number): Promise<{ heapBytes: number; sockets: number }> {
  const endMs = performance.now() + SETTLE_MS;
  await stage.hangUp();
  await pause(6_000);
  while (socketsOf(stage.gatewayPid) > sockets && performance.now() < endMs) await pause(200);
  return { heapBytes: await heapOf(stage), sockets: socketsOf(stage.gatewayPid) };
}

async function heapOf({ gateway }: Stage): Promise<number> {
  gateway.send('heap?');
  for (;;) {
    const [message] = (await once(gateway, 'message', { signal: AbortSignal.timeout(60_000) })) as [
      { type: string; bytes: number },
    ];
    if (message.type === 'heap') return message.bytes;
  }
}

const socketsOf = (pid: number): number =>
  readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:');
    } catch {
      // Closed while it was looked at.
      return false;
    }
  }).length;
