import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { HttpAdapterHost } from '@nestjs/core';
import { createLogger } from '@rookery/observability';
import { describe, expect, it } from 'vitest';
import { NO_RELEASE } from '../settings/release.ts';
import type { ReleaseStore } from '../settings/release-store.ts';
import { keyText } from '../settings/setting-key.ts';
import { NOTHING_STANDS, newestOf, type Standing } from '../settings/standing.ts';
import { LongPolls, type ReadStanding } from './long-polls.ts';

const key = { namespace: 'default', group: 'default', service: 'orders' };
const text = keyText(key);
const limits = { maxWatchers: 3, heartbeatMs: 1_000, maxAgeMs: 1_000, silentInstanceMs: 1_000, catchUpMs: 1_000 };

/** Long polls over a store whose reads the test answers, one by one. */
function polls() {
  const reads: ((version: number) => void)[] = [];
  const standing = () =>
    new Promise<Standing>((resolve) =>
      reads.push((version) => resolve({ ...NOTHING_STANDS, main: { ...NO_RELEASE, version } })),
    );
  const store = { standing } as unknown as ReleaseStore;
  const logger = createLogger({ service: 'test', level: 'silent' });
  const held = new LongPolls(store, limits, {} as HttpAdapterHost, logger);
  const after = (version: number) => async (read: ReadStanding) => {
    const now = newestOf(await read(key));
    return now > version ? now : undefined;
  };
  const hold = (version: number, timeoutMs = 5_000, response: EventEmitter = new EventEmitter()) =>
    held.hold([key], after(version), timeoutMs, response as unknown as ServerResponse);
  const answer = async (version: number) => {
    await expect.poll(() => reads.length).toBeGreaterThan(0);
    for (const read of reads.splice(0)) read(version);
    await new Promise(setImmediate);
  };
  return { held, hold, answer, reads };
}

describe('a long poll', () => {
  it('is woken by what another one read before the notification came', async () => {
    const { held, hold, answer, reads } = polls();
    const early = hold(0);
    await answer(0);
    const late = hold(0);
    await answer(1);
    expect(await late).toBe(1);
    held.notified(text, 1);
    await expect.poll(() => reads.length).toBeGreaterThan(0);
    await answer(1);
    expect(await early).toBe(1);
  });

  it('does not take a read that began before the notification for the new state', async () => {
    const { held, hold, answer, reads } = polls();
    const first = hold(0);
    await expect.poll(() => reads.length).toBe(1);
    const [old] = reads.splice(0);
    held.notified(text, 1);
    const second = hold(0);
    await expect.poll(() => reads.length).toBe(1);
    old?.(0);
    await new Promise(setImmediate);
    await answer(1);
    expect(await Promise.all([first, second])).toEqual([1, 1]);
  });

  it('shares one read with all that wait for the key', async () => {
    const { held, hold, answer, reads } = polls();
    const all = [hold(0), hold(0), hold(0)];
    expect(reads.length).toBe(1);
    await answer(0);
    held.notified(text, 1);
    await expect.poll(() => reads.length).toBe(1);
    await answer(1);
    expect(await Promise.all(all)).toEqual([1, 1, 1]);
  });

  it('ends with its time, with its client, and with the replica, and no more are held than may be', async () => {
    const { held, hold, answer } = polls();
    const short = hold(0, 50);
    const client = new EventEmitter();
    const left = hold(0, 5_000, client);
    const stays = hold(0);
    await expect(hold(0)).rejects.toMatchObject({ code: 'CONFIG_TOO_MANY_WATCHERS' });
    await answer(0);
    expect(await short).toBeUndefined();
    client.emit('close');
    expect(await left).toBeUndefined();
    held.onModuleDestroy();
    expect(await stays).toBeUndefined();
  });
});
