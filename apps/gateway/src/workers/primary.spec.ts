import cluster, { type Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { createLogger } from '@rookery/observability';
import { afterEach, expect, it, vi } from 'vitest';
import { Primary } from './primary.ts';

const EVENTS = ['SIGTERM', 'SIGINT', 'disconnect'] as const;
const before = EVENTS.map((event) => process.listeners(event as 'SIGTERM'));
const { send } = process;
afterEach(() => {
  process.send = send;
  process.exitCode = undefined;
  cluster.removeAllListeners();
  Object.assign(cluster, { workers: {} });
  vi.restoreAllMocks();
  for (const [at, event] of EVENTS.entries()) {
    for (const listener of process.listeners(event as 'SIGTERM')) {
      if (!before[at]?.includes(listener)) process.off(event, listener);
    }
  }
});

it('the first process ends with the last worker, also where its exit is heard before its channel has closed', () => {
  const ended: unknown[] = [];
  vi.spyOn(process, 'exit').mockImplementation(((code: unknown) => ended.push(code)) as never);
  // Nothing of this is for the one who runs the suite.
  Reflect.deleteProperty(process, 'send');
  const worker = Object.assign(new EventEmitter(), {
    id: 1,
    process: Object.assign(new EventEmitter(), { pid: 1, kill: vi.fn(), send: vi.fn() }),
    isDead: () => true,
    isConnected: () => true,
  }) as unknown as Worker;
  vi.spyOn(cluster, 'fork').mockReturnValue(worker);
  new Primary(1, 0, createLogger({ service: 'gateway', level: 'silent' })).start();
  // Node keeps a worker in this list until both have happened.
  Object.assign(cluster, { workers: { 1: worker } });
  cluster.emit('exit', worker, 1, '');
  expect(ended).toHaveLength(1);
  expect(worker.process.kill).not.toHaveBeenCalled();
});
