import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SocketTimeouts } from './socket-timeouts.ts';

const LIMIT_MS = 5_000;
/** A limit may be seen to be over two looks late. */
const LATE_MS = 2_000;

type Moved = { bytesRead: number; bytesWritten: number; writableLength: number };
let timeouts: SocketTimeouts;

/** What of a socket is looked at. */
function watched(): { socket: Socket & Moved; fired: () => number } {
  const moved: Moved = { bytesRead: 0, bytesWritten: 0, writableLength: 0 };
  const socket = Object.assign(new EventEmitter(), moved) as unknown as Socket & Moved;
  timeouts.watch(socket);
  let fired = 0;
  socket.on('timeout', () => fired++);
  return { socket, fired: () => fired };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] });
  timeouts = new SocketTimeouts();
});
afterEach(() => vi.useRealTimers());

describe('a socket that stands still', () => {
  it('is told so when its limit is over, not before, and again when as long has gone by', () => {
    const { socket, fired } = watched();
    socket.setTimeout(LIMIT_MS);
    vi.advanceTimersByTime(LIMIT_MS - 1);
    expect(fired()).toBe(0);
    vi.advanceTimersByTime(LATE_MS + 1);
    expect(fired()).toBe(1);
    vi.advanceTimersByTime(LIMIT_MS + LATE_MS);
    expect(fired()).toBe(2);
  });

  it('is told so although it holds what its client does not take', () => {
    const { socket, fired } = watched();
    socket.setTimeout(LIMIT_MS);
    Object.assign(socket, { bytesWritten: 70_000, writableLength: 65_536 });
    vi.advanceTimersByTime(LIMIT_MS + 2 * LATE_MS);
    expect(fired()).toBe(1);
  });

  it.each<[string, (socket: Moved) => void]>([
    ['something comes', (socket) => socket.bytesRead++],
    ['something goes out', (socket) => socket.bytesWritten++],
    ['its client takes some of what it holds', (socket) => socket.writableLength--],
  ])('is left alone as long as now and then %s', (_, move) => {
    const { socket, fired } = watched();
    Object.assign(socket, { bytesWritten: 1_000, writableLength: 1_000 });
    socket.setTimeout(LIMIT_MS);
    for (let beat = 0; beat < 5; beat++) {
      vi.advanceTimersByTime(LIMIT_MS - LATE_MS);
      move(socket);
    }
    expect(fired()).toBe(0);
  });

  it('has its whole time again whenever a limit is set', () => {
    const { socket, fired } = watched();
    for (let turn = 0; turn < 5; turn++) {
      socket.setTimeout(LIMIT_MS);
      vi.advanceTimersByTime(LIMIT_MS - 1);
    }
    expect(fired()).toBe(0);
  });

  it('is left alone for ever with a limit of 0, and without any', () => {
    const { socket, fired } = watched();
    vi.advanceTimersByTime(10 * LIMIT_MS);
    socket.setTimeout(LIMIT_MS);
    socket.setTimeout(0);
    vi.advanceTimersByTime(10 * LIMIT_MS);
    expect(fired()).toBe(0);
  });
});

it('takes a listener with the limit, once, and gives it back with the limit 0', () => {
  const { socket } = watched();
  const [kept, dropped] = [vi.fn(), vi.fn()];
  expect(socket.setTimeout(LIMIT_MS, kept)).toBe(socket);
  socket.setTimeout(LIMIT_MS, dropped);
  socket.setTimeout(0, dropped);
  socket.setTimeout(LIMIT_MS);
  vi.advanceTimersByTime(3 * (LIMIT_MS + LATE_MS));
  expect(kept).toHaveBeenCalledTimes(1);
  expect(dropped).not.toHaveBeenCalled();
});

it('looks at thousands of sockets, and stops with the last of them', () => {
  const all = Array.from({ length: 2_500 }, watched);
  for (const { socket } of all) socket.setTimeout(LIMIT_MS);
  vi.advanceTimersByTime(LIMIT_MS + LATE_MS);
  expect(all.every(({ fired }) => fired() === 1)).toBe(true);
  for (const { socket } of all) socket.emit('close');
  vi.advanceTimersByTime(LATE_MS);
  expect(vi.getTimerCount()).toBe(0);
  const late = watched();
  late.socket.setTimeout(LIMIT_MS);
  vi.advanceTimersByTime(LIMIT_MS + LATE_MS);
  expect(late.fired()).toBe(1);
});
