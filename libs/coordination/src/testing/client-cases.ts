import { makeCertificate } from '@rookery/connections/testing';
import { expect, it } from 'vitest';
import type { Stage } from './contract.ts';
import { until } from './workers.ts';

const held = () => process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout|TLS|UDP/.test(kind)).length;

export function clientCases({ can, open, openUrl, name, leaseMs, ...stage }: Stage): void {
  it('leaves no handle after close, gives back what it holds, and ends what waits', async () => {
    const other = await open();
    const [mine, theirs] = [name(), name()];
    await other.acquire(theirs, { leaseMs: 60_000 });
    const before = held();
    const client = await open();
    // Its lease would outlast the wait below: only a release frees it.
    const lock = await client.acquire(mine, { leaseMs: 60_000 });
    const waiting = client.acquire(theirs, { leaseMs, waitMs: 60_000 });
    waiting.catch(() => {});
    await client.counter(name()).add();
    await client.close();
    await client.close();
    await expect(waiting).rejects.toMatchObject({ code: 'COORDINATION_CLOSED' });
    expect(lock.held).toBe(false);
    await until('its sockets and timers are gone', () => held() <= before);
    await expect(client.acquire(mine)).rejects.toMatchObject({ code: 'COORDINATION_CLOSED' });
    await (await other.acquire(mine, { leaseMs, waitMs: 5_000 })).release();
  });

  it('leaves no handle after close while the engine is away', async () => {
    const proxy = await stage.proxied();
    const before = held();
    const client = await open({ at: proxy.address });
    await client.acquire(name(), { leaseMs });
    proxy.cut();
    await expect(client.acquire(name(), { leaseMs, waitMs: 1_500 })).rejects.toMatchObject({
      code: 'COORDINATION_UNREACHABLE',
      status: 503,
    });
    await expect(client.counter(name()).add()).rejects.toMatchObject({ code: 'COORDINATION_UNREACHABLE' });
    const triedAtMs = performance.now();
    await expect(client.acquire(name(), { leaseMs: 60_000, waitMs: 0 })).rejects.toMatchObject({
      code: 'COORDINATION_UNREACHABLE',
    });
    expect(performance.now() - triedAtMs).toBeLessThan(20_000);
    await client.close();
    await until('its sockets and timers are gone', () => held() <= before);
  });

  can('namespace')('keeps namespaces apart', async () => {
    const [one, other] = [await open({ namespace: 'nest' }), await open({ namespace: 'elsewhere' })];
    const both = name();
    const lock = await one.acquire(both, { leaseMs });
    expect(await other.holder(both)).toBeUndefined();
    await (await other.acquire(both, { leaseMs, waitMs: 0 })).release();
    await one.counter(both).add();
    expect(await other.counter(both).value()).toBe(0);
    await lock.release();
  });

  can('tls')('speaks TLS with a server that it trusts, and with no other', async () => {
    const certificate = makeCertificate();
    const { address: at } = await stage.proxied(certificate);
    const trusting = await open({ at, tls: { caFile: certificate.caFile } });
    await (await trusting.acquire(name(), { leaseMs })).release();
    const distrusting = await open({ at, tls: {} });
    await expect(distrusting.counter(name()).value()).rejects.toMatchObject({
      code: 'COORDINATION_UNREACHABLE',
      message: expect.stringMatching(/certificate/),
    });
    await distrusting.close();
    await trusting.close();
    certificate.remove();
  });

  can('credentials')('is asked for credentials, which no message shows', async () => {
    const { credentials } = stage.engine();
    if (!credentials) throw new Error('The engine says no credentials: add the capability to cannot.');
    const [known, unknown] = [await openUrl(credentials.right), await openUrl(credentials.wrong)];
    const lock = name();
    await (await known.acquire(lock, { leaseMs })).release();
    await known.counter(lock).add();
    for (const call of [() => unknown.acquire(lock, { leaseMs }), () => unknown.counter(lock).add()]) {
      const error = await call().then(
        () => new Error('it was answered'),
        (refusal: Error) => refusal,
      );
      expect(error).toMatchObject({
        code: 'COORDINATION_REFUSED',
        message: expect.stringContaining('COORDINATION_URL'),
      });
      expect(error.message).not.toContain(credentials.secret);
    }
  });
}
