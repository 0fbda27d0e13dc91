import { expect, it } from 'vitest';
import type { Coordination, Lock } from '../coordination.ts';
import type { Stage } from './contract.ts';
import { until } from './workers.ts';

const WAIT_MS = 20_000;

export function lockCases({ can, open, name, leaseMs, ...stage }: Stage): void {
  it('is held by one at a time, and says by whom', async () => {
    const [one, other] = [await open(), await open()];
    const lock = name();
    expect(await one.holder(lock)).toBeUndefined();
    const held = await one.acquire(lock, { leaseMs, owner: 'the first owl' });
    expect(held.held).toBe(true);
    expect(await other.holder(lock)).toEqual({ token: held.token, owner: 'the first owl' });
    await expect(other.acquire(lock, { leaseMs, waitMs: 0 })).rejects.toMatchObject({ code: 'COORDINATION_TIMEOUT' });
    await expect(one.acquire(lock, { leaseMs, waitMs: 0 })).rejects.toMatchObject({ code: 'COORDINATION_TIMEOUT' });
    await held.release();
    await held.release();
    expect(held.held).toBe(false);
    expect(held.signal.reason).toMatchObject({ code: 'COORDINATION_RELEASED' });
    await until('nobody holds it', async () => (await other.holder(lock)) === undefined);
    await (await other.acquire(lock, { leaseMs, waitMs: WAIT_MS })).release();
  });

  it('gives every holder a higher token than the one before, whoever it is', async () => {
    const clients = [await open(), await open()];
    const lock = name();
    const tokens: bigint[] = [];
    for (let round = 0; round < 6; round++) {
      const client = clients[round % 2] as Coordination;
      await client.withLock(lock, ({ token }) => void tokens.push(token), { leaseMs, waitMs: WAIT_MS });
    }
    expect(tokens).toEqual(tokens.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(new Set(tokens).size).toBe(6);
  });

  it('keeps names apart, whatever characters they have', async () => {
    const client = await open();
    const names = [`${name()}/größe 票`, `${name()}/a b?c=d&e#f%20`, name()];
    const locks = await Promise.all(names.map((lock) => client.acquire(lock, { leaseMs })));
    for (const [at, lock] of locks.entries()) expect((await client.holder(names[at] ?? ''))?.token).toBe(lock.token);
    await Promise.all(locks.map((lock) => lock.release()));
    for (const bad of ['', 'a//b', '../a', 'x'.repeat(201)]) {
      await expect(client.acquire(bad)).rejects.toMatchObject({ code: 'COORDINATION_BAD_NAME' });
    }
  });

  can('fair-order')('goes to those who wait in the order in which they asked', async () => {
    const holder = await open();
    const lock = name();
    const held = await holder.acquire(lock, { leaseMs });
    const order: number[] = [];
    const waiters: Array<Promise<void>> = [];
    for (let turn = 0; turn < 5; turn++) {
      const client = await open();
      waiters.push(client.withLock(lock, () => void order.push(turn), { leaseMs, waitMs: WAIT_MS }));
      await until(`${turn + 1} wait`, async () => (await stage.engine().waiting(lock)) === turn + 1);
    }
    await held.release();
    await Promise.all(waiters);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  it('is waited for no longer than said, also where the caller changes its mind', async () => {
    const [one, other] = [await open(), await open()];
    const lock = name();
    const held = await one.acquire(lock, { leaseMs });
    const startedAtMs = performance.now();
    const error = await other.acquire(lock, { leaseMs, waitMs: 400 }).then(
      () => undefined,
      (refusal: unknown) => refusal,
    );
    expect(error).toMatchObject({ code: 'COORDINATION_TIMEOUT', message: expect.stringContaining(lock) });
    expect(performance.now() - startedAtMs).toBeGreaterThan(390);
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    const mind = new AbortController();
    const waiting = other.acquire(lock, { leaseMs, waitMs: WAIT_MS, signal: mind.signal });
    const reason = new Error('changed my mind');
    setTimeout(() => mind.abort(reason), 200);
    await expect(waiting).rejects.toBe(reason);
    const [impatient, late] = [AbortSignal.abort(reason), AbortSignal.timeout(200)];
    await expect(other.acquire(lock, { leaseMs, waitMs: WAIT_MS, signal: impatient })).rejects.toBe(reason);
    await expect(other.acquire(lock, { leaseMs, waitMs: WAIT_MS, signal: late })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    await held.release();
  });

  can('waiting')('is left without a trace by a waiter that gives up: the next one has it at once', async () => {
    const clients = [await open(), await open(), await open()] as const;
    const lock = name();
    const held = await clients[0].acquire(lock, { leaseMs });
    const giving = clients[1].acquire(lock, { leaseMs, waitMs: 600 });
    giving.catch(() => {});
    const next = clients[2].acquire(lock, { leaseMs, waitMs: WAIT_MS });
    await until('both wait', async () => (await stage.engine().waiting(lock)) === 2);
    await expect(giving).rejects.toMatchObject({ code: 'COORDINATION_TIMEOUT' });
    await until('one waits', async () => (await stage.engine().waiting(lock)) === 1);
    await held.release();
    await (await next).release();
    await until('nobody waits', async () => (await stage.engine().waiting(lock)) === 0);
  });

  it('outlives its lease by being renewed, and tells its holder when it is lost', async () => {
    const proxy = await stage.proxied();
    const [far, near] = [await open({ at: proxy.address }), await open()];
    const lock = name();
    const held = await far.acquire(lock, { leaseMs });
    await new Promise((resolve) => setTimeout(resolve, leaseMs * 1.3));
    expect(held.held).toBe(true);
    expect((await near.holder(lock))?.token).toBe(held.token);
    proxy.cut();
    const next: Lock = await near.acquire(lock, { leaseMs, waitMs: stage.freedWithinMs + WAIT_MS });
    expect(held.signal.aborted).toBe(true);
    expect(held.signal.reason).toMatchObject({ code: 'COORDINATION_LOST' });
    expect(next.token > held.token).toBe(true);
    await next.release();
  });

  it('fails its work when it was lost meanwhile, and passes on what the work throws', async () => {
    const proxy = await stage.proxied();
    const [far, near] = [await open({ at: proxy.address }), await open()];
    const lock = name();
    const work = far.withLock(
      lock,
      async ({ signal }) => {
        proxy.cut();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return 'done';
      },
      { leaseMs },
    );
    await expect(work).rejects.toMatchObject({ code: 'COORDINATION_LOST' });
    const failing = near.withLock(name(), () => Promise.reject(new Error('hoot')), { leaseMs });
    await expect(failing).rejects.toThrow('hoot');
  });

  can('restart')('survives a restart of the server, or is lost and said so; then it can be had again', async () => {
    const [one, other] = [await open(), await open()];
    const lock = name();
    const held = await one.acquire(lock, { leaseMs });
    await stage.engine().kill?.();
    await expect(other.acquire(lock, { leaseMs, waitMs: 300 })).rejects.toMatchObject({
      code: 'COORDINATION_UNREACHABLE',
      message: expect.stringContaining('COORDINATION_URL'),
    });
    await stage.engine().start?.();
    const second = other.acquire(lock, { leaseMs, waitMs: WAIT_MS + stage.freedWithinMs });
    await until('the engine answers', () =>
      one.ping().then(
        () => true,
        () => false,
      ),
    );
    await held.release();
    const next = await second;
    expect(next.token > held.token).toBe(true);
    await next.release();
  });
}
