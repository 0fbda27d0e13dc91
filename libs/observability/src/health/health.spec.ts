import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Health } from './health.ts';

describe('readiness', () => {
  it('is well without checks, and while all of them are', async () => {
    const health = new Health();
    expect(await health.report()).toEqual({ ok: true, checks: {} });
    health.addCheck('database', () => ({ ok: true }));
    expect((await health.report()).ok).toBe(true);
  });

  it('names what is not well and why, also when a check throws or does not answer', async () => {
    const health = new Health();
    health.addCheck('database', () => ({ ok: false, reason: 'connection refused' }));
    health.addCheck('cache', async () => {
      throw new Error('no route to host');
    });
    health.addCheck('registry', () => new Promise(() => {}));
    health.addCheck('messaging', () => ({ ok: true }));
    expect(await health.report(20)).toEqual({
      ok: false,
      checks: {
        database: { ok: false, reason: 'connection refused' },
        cache: { ok: false, reason: 'no route to host' },
        registry: { ok: false, reason: 'did not answer within 20 ms' },
        messaging: { ok: true },
      },
    });
  });

  it('ends when the process drains, and those who wait are told', async () => {
    const health = new Health();
    const told = once(health.draining, 'abort');
    expect(health.draining.aborted).toBe(false);
    health.drain();
    await told;
    expect(await health.report()).toEqual({
      ok: false,
      checks: { process: { ok: false, reason: 'is shutting down' } },
    });
  });
});
