import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { BlockingWatch } from './blocking-watch.ts';

function watching(restMs?: (body: unknown) => number) {
  const told: unknown[] = [];
  let asked = 0;
  const watch = new BlockingWatch<unknown>({
    watched: 'everything',
    waitMs: 1_000,
    query: async () => {
      await pause(1);
      return { body: ++asked, index: asked, headers: {} };
    },
    read: (body) => body,
    listener: (value) => told.push(value),
    initial: 0,
    log: undefined,
    ...(restMs && { restMs }),
  });
  return { watch, told, asked: () => asked };
}

it('asks again at once where answers cost little', async () => {
  const { watch, told } = watching();
  await expect.poll(() => told.length).toBeGreaterThan(3);
  watch.close();
});

it('rests after an answer that costs much, and leaves the rest when it is closed', async () => {
  const { watch, told, asked } = watching(() => 60_000);
  await watch.ready;
  await pause(100);
  expect([told, asked()]).toEqual([[1], 1]);
  watch.close();
  await pause(20);
  expect(asked()).toBe(1);
});
