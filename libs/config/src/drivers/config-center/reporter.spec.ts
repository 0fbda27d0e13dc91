import { afterEach, describe, expect, it } from 'vitest';
import type { AppliedReport } from '../../config.ts';
import { Reporter, type ReporterOptions } from './reporter.ts';

describe('reports to the centre', () => {
  let reporter: Reporter | undefined;
  afterEach(() => reporter?.close());

  const start = (send: ReporterOptions['send'], options: Partial<ReporterOptions> = {}) => {
    reporter = new Reporter({ send, heartbeatMs: 60_000, spreadMs: 0, ...options });
    return reporter;
  };
  const applied = (version: number): AppliedReport => ({ version, applied: true });

  it('go out one after another, so that an older one never lands on a newer', async () => {
    const done: number[] = [];
    const slow = [20, 1, 1];
    const to = start(async ({ version }) => {
      await new Promise((wake) => setTimeout(wake, slow.shift()));
      done.push(version);
    });
    const first = to.report(applied(0));
    await new Promise((wake) => setTimeout(wake, 5));
    await Promise.all([first, to.report(applied(1))]);
    expect(done).toEqual([0, 1]);
  });

  it('that wait are told as their newest', async () => {
    const done: number[] = [];
    const to = start(async ({ version }) => void done.push(version), { spreadMs: 20, random: () => 1 });
    await Promise.all([1, 2, 3].map((version) => to.report(applied(version))));
    expect(done).toEqual([3]);
  });

  it('of a refusal wait for nothing, and stand beside what is in force', async () => {
    const done: AppliedReport[] = [];
    const to = start(async (report) => void done.push(report), { spreadMs: 60_000, random: () => 1 });
    await to.report({ version: 2, applied: false, reason: 'no' });
    expect(done).toEqual([{ version: 2, applied: false, reason: 'no' }]);
  });

  it('are repeated as a sign of life, also after one that failed', async () => {
    let calls = 0;
    const to = start(
      async () => {
        calls += 1;
        if (calls === 1) throw new Error('away');
      },
      { heartbeatMs: 5 },
    );
    await expect(to.report(applied(1))).rejects.toThrow('away');
    await expect.poll(() => calls, { timeout: 5_000 }).toBeGreaterThan(2);
  });

  it('end with their source, also while they wait', async () => {
    const done: number[] = [];
    const to = start(async ({ version }) => void done.push(version), { spreadMs: 60_000, random: () => 1 });
    const waiting = to.report(applied(1));
    to.close();
    await waiting;
    expect(done).toEqual([]);
  });
});
