import { expect, it } from 'vitest';
import type { Stage } from './contract.ts';
import { FencedResource, until, type Worker } from './workers.ts';

const SLACK_MS = 10_000;

export function sharedCases({ open, name, worker, leaseMs, ...stage }: Stage): void {
  it('has one leader at a time: another when it resigns, and when it is killed', async () => {
    const election = name();
    const resource = new FencedResource();
    const candidates = await Promise.all(
      [0, 1, 2].map(() => worker({ kind: 'lead', name: election, leaseMs }, resource.write)),
    );
    const terms = () => candidates.flatMap(({ said }) => said.filter(({ held }) => held !== undefined));
    const leaderOf = (token: string | undefined): Worker => {
      const found = candidates.find(({ said }) => said.some(({ held }) => held === token));
      if (!found) throw new Error('nobody leads');
      return found;
    };
    const latest = () =>
      terms()
        .toSorted((a, b) => (BigInt(a.held ?? 0) < BigInt(b.held ?? 0) ? -1 : 1))
        .at(-1)?.held;
    await until('one leads', () => terms().length === 1, 30_000);
    const first = leaderOf(latest());
    first.resign();
    await until('the next leads', () => terms().length >= 2, 15_000);
    const second = leaderOf(latest());
    const count = terms().length;
    await second.kill();
    await until('another leads', () => terms().length > count, stage.freedWithinMs + SLACK_MS);
    expect(leaderOf(latest())).not.toBe(second);
    const tokens = terms().map(({ held }) => held);
    expect(new Set(tokens).size).toBe(tokens.length);
    await until('the present leader writes', () => resource.taken.at(-1)?.write === latest());
    expect(resource.taken.filter(({ checked }) => !checked)).toEqual([]);
  });

  it('leaves the leadership when a candidate is closed', async () => {
    const [one, other] = [await open(), await open()];
    const election = name();
    const { promise: led, resolve } = Promise.withResolvers<void>();
    const lead = async ({ signal }: { signal: AbortSignal }): Promise<void> => {
      resolve();
      await new Promise((end) => signal.addEventListener('abort', end));
    };
    const first = one.candidate(election, lead, { leaseMs });
    await led;
    const second = other.candidate(election, lead, { leaseMs });
    expect([first.leading, second.leading]).toEqual([true, false]);
    await first.close();
    await until('the other leads', () => second.leading);
    expect(first.leading).toBe(false);
    await second.close();
  });

  it('opens a barrier when every process is there, and not before', async () => {
    const barrier = name();
    const job = { kind: 'barrier', name: barrier, parties: 3, leaseMs: Math.max(leaseMs, 5_000) } as const;
    const early = await Promise.all([worker(job), worker(job)]);
    await Promise.all(early.map((each) => each.says('ready')));
    const client = await open();
    await until('two wait', async () => {
      const places = [0, 1, 2].map((at) => client.holder(`barrier/${barrier}/${at}/counts`));
      return (await Promise.all(places)).filter(Boolean).length === 2;
    });
    expect(early.flatMap(({ said }) => said.filter(({ done }) => done !== undefined))).toEqual([]);
    const arrivedAtMs = Date.now();
    expect(await client.barrier(barrier, 3).wait({ leaseMs: job.leaseMs })).toBe(0);
    for (const each of early) expect(await each.says('done')).toBeGreaterThanOrEqual(arrivedAtMs);
  });

  it('opens a barrier again and again, and counts nobody who has given up', async () => {
    const clients = [await open(), await open()] as const;
    const name2 = name();
    const [one, other] = clients.map((client) => client.barrier(name2, 2));
    if (!one || !other) throw new Error('two barriers');
    const options = { leaseMs: Math.max(leaseMs, 5_000) };
    await expect(one.wait({ ...options, waitMs: 100 })).rejects.toMatchObject({ code: 'COORDINATION_TIMEOUT' });
    await expect(other.wait({ ...options, waitMs: 100 })).rejects.toMatchObject({ code: 'COORDINATION_TIMEOUT' });
    for (let round = 0; round < 3; round++) {
      expect(await Promise.all([one.wait(options), other.wait(options)])).toEqual([round, round]);
    }
  });

  it('loses no increment, however many processes count', async () => {
    const counter = name();
    const workers = await Promise.all([0, 1, 2].map(() => worker({ kind: 'add', name: counter, leaseMs, times: 40 })));
    const client = await open();
    const mine = client.counter(counter);
    await Promise.all(Array.from({ length: 20 }, () => mine.add(2)));
    await Promise.all(workers.map((each) => each.says('done', 60_000)));
    expect(await mine.value()).toBe(160);
    expect(await mine.add(-60)).toBe(100);
    expect(await mine.compareAndSet(99, 7)).toBe(false);
    expect(await mine.compareAndSet(100, 7)).toBe(true);
    expect(await mine.value()).toBe(7);
    const fresh = client.counter(name());
    expect([await fresh.value(), await fresh.compareAndSet(0, 3), await fresh.value()]).toEqual([0, true, 3]);
  });
}
