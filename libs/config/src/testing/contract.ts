import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigSource, SettingsTree, Snapshot } from '../config.ts';

/** A running place that settings come from, as the contract drives it. */
export interface PushingPlace {
  /** A source of the place's current key; the place keeps nothing of earlier keys for it. */
  open(): ConfigSource | Promise<ConfigSource>;
  /** A source whose place does not answer, and that gives up within two seconds. */
  openUnreachable(): ConfigSource | Promise<ConfigSource>;
  /** Moves to a key that has no settings yet. */
  nextKey(): Promise<void>;
  publish(settings: SettingsTree): Promise<void>;
  /** Makes the place stop to answer, as a crash or a restart does. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const BACK_WITHIN_MS = 12_000;

/** Of a place that is slower than others. */
export interface Patience {
  /** Until a change is pushed; 1000. */
  pushedMs?: number;
  /** Until the place serves; 30000. */
  startMs?: number;
}

/** What every driver that pushes must do; each driver's spec calls it with the real place. */
export function pushingSourceContract(
  name: string,
  create: () => Promise<PushingPlace>,
  { pushedMs = 1_000, startMs = 30_000 }: Patience = {},
): void {
  describe(`${name} keeps the contract of a source that pushes`, () => {
    let place: PushingPlace;
    const opened: ConfigSource[] = [];
    const open = async () => {
      const source = await place.open();
      opened.push(source);
      return source;
    };
    const follow = async () => {
      const source = await open();
      const loaded = await source.load();
      const seen: Snapshot[] = [];
      const watch = source.watch?.((snapshot) => seen.push(snapshot));
      if (!watch) throw new Error(`${source.name} does not push`);
      return { source, loaded, seen, watch };
    };
    const last = (seen: readonly Snapshot[]) => seen.at(-1)?.settings;

    beforeAll(async () => {
      place = await create();
    }, 30_000 + startMs);
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((source) => source.close()));
      await place.nextKey();
    });
    afterAll(() => place?.close(), 30_000);

    it('answers no settings and version 0 where nothing was published', async () => {
      expect(await (await open()).load()).toMatchObject({ version: 0, settings: {} });
    });

    it('loads what was published last', async () => {
      await place.publish({ limits: { maxItems: 5 } });
      await place.publish({ limits: { maxItems: 6 }, names: ['a', 'b'] });
      expect((await (await open()).load()).settings).toEqual({ limits: { maxItems: 6 }, names: ['a', 'b'] });
    });

    it('pushes the first release to a watcher that started without settings', async () => {
      const { seen } = await follow();
      await place.publish({ maxItems: 1 });
      await expect.poll(() => last(seen), { timeout: pushedMs }).toEqual({ maxItems: 1 });
    });

    it('pushes each later release in order, and not what was loaded', async () => {
      await place.publish({ step: 0 });
      const { loaded, seen } = await follow();
      for (const step of [1, 2, 3]) {
        await place.publish({ step });
        await expect.poll(() => last(seen), { timeout: pushedMs }).toEqual({ step });
      }
      expect(seen.map(({ settings }) => settings.step)).toEqual([1, 2, 3]);
      const versions = [loaded, ...seen].map(({ version }) => version);
      expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
    });

    it('ends a burst at its newest release and never goes back', async () => {
      const { seen } = await follow();
      for (let step = 1; step <= 30; step += 1) await place.publish({ step });
      await expect.poll(() => last(seen), { timeout: 5_000 }).toEqual({ step: 30 });
      const steps = seen.map(({ settings }) => Number(settings.step));
      expect(steps).toEqual([...steps].sort((a, b) => a - b));
      expect(new Set(seen.map(({ version }) => version)).size).toBe(seen.length);
    });

    it('pushes to every watcher', async () => {
      const followers = await Promise.all([follow(), follow(), follow()]);
      await place.publish({ maxItems: 9 });
      for (const { seen } of followers) {
        await expect.poll(() => last(seen), { timeout: pushedMs }).toEqual({ maxItems: 9 });
      }
    });

    it('delivers the next release after the place was away', { timeout: 30_000 + startMs }, async () => {
      await place.publish({ step: 1 });
      const { seen } = await follow();
      await place.stop();
      await place.start();
      await place.publish({ step: 2 });
      await expect.poll(() => last(seen), { timeout: BACK_WITHIN_MS }).toEqual({ step: 2 });
      await place.publish({ step: 3 });
      await expect.poll(() => last(seen), { timeout: pushedMs }).toEqual({ step: 3 });
    });

    it('says nothing to a watcher that was closed', async () => {
      const [closed, open] = await Promise.all([follow(), follow()]);
      closed.watch.close();
      await place.publish({ maxItems: 2 });
      await expect.poll(() => last(open.seen), { timeout: pushedMs }).toEqual({ maxItems: 2 });
      expect(closed.seen).toEqual([]);
    });

    it('leaves no handle when it is closed', async () => {
      await new Promise(setImmediate);
      const before = handles();
      const { source, seen } = await follow();
      await place.publish({ maxItems: 3 });
      await expect.poll(() => last(seen), { timeout: pushedMs }).toEqual({ maxItems: 3 });
      const during = handles();
      await source.close();
      await expect.poll(handles, { timeout: 10_000 }).toBeLessThanOrEqual(Math.min(before, Math.max(0, during - 1)));
    });

    it('says CONFIG_UNREACHABLE within its deadline where nothing answers', async () => {
      const source = await place.openUnreachable();
      opened.push(source);
      const startedAtMs = performance.now();
      await expect(source.load()).rejects.toMatchObject({ code: 'CONFIG_UNREACHABLE', status: 503 });
      expect(performance.now() - startedAtMs).toBeLessThan(2_500);
    });
  });
}

/** Sockets and file watches that keep this process alive. */
const handles = (): number =>
  process.getActiveResourcesInfo().filter((kind) => /^(TCPSocketWrap|FSEventWrap)$/.test(kind)).length;
