import { randomBytes } from 'node:crypto';
import { TcpProxy } from '@rookery/connections/testing';
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import type { Coordination } from '../coordination.ts';
import { createCoordination } from '../create-coordination.ts';
import { clientCases } from './client-cases.ts';
import type { Capability, ClientOptions, CoordinationContract, Engine } from './engine.ts';
import { lockCases } from './lock-cases.ts';
import { processCases } from './process-cases.ts';
import { sharedCases } from './shared-cases.ts';
import { type Job, type Said, type Worker, Workers } from './workers.ts';

export type { Capability, ClientOptions, CoordinationContract, Engine } from './engine.ts';

/** A job on the engine of the contract. */
export type WorkerJob = Job extends infer J ? (J extends Job ? Omit<J, 'url'> : never) : never;

/** What the cases of the contract have at hand. */
export interface Stage {
  engine(): Engine;
  readonly leaseMs: number;
  readonly freedWithinMs: number;
  can(capability: Capability): (title: string, test: () => Promise<void>) => void;
  open(options?: ClientOptions): Promise<Coordination>;
  openUrl(url: string): Promise<Coordination>;
  proxied(tls?: { key: Buffer; cert: Buffer }): Promise<TcpProxy>;
  worker(job: WorkerJob, onWrite?: (said: Said) => void): Promise<Worker>;
  name(): string;
}

/** What every driver must do; each driver's spec calls it with the real engine. */
export function coordinationContract(
  title: string,
  { start, fork, cannot = [], leaseMs = 2_000, freedWithinMs = leaseMs }: CoordinationContract,
): void {
  describe(`coordination contract: ${title}`, { timeout: 90_000 }, () => {
    let engine: Engine;
    const workers = new Workers(fork);
    const closing: Array<() => Promise<unknown>> = [];
    const kept = <T>(it: T, close: (it: T) => Promise<unknown>): T => {
      closing.push(() => close(it));
      return it;
    };
    const openUrl = async (url: string) => kept(await createCoordination(url), (it) => it.close());
    const stage: Stage = {
      engine: () => engine,
      leaseMs,
      freedWithinMs,
      can: (capability) => (name, test) =>
        cannot.includes(capability) ? it.skip(`${name} (cannot: ${capability})`, test) : it(name, test),
      open: (options) => openUrl(engine.url(options)),
      openUrl,
      proxied: async (tls) => kept(await TcpProxy.before(engine.address, tls), (it) => it.close()),
      worker: (job, onWrite) => workers.begin({ ...job, url: engine.url() } as Job, onWrite),
      name: () => `contract-${randomBytes(6).toString('hex')}`,
    };

    beforeAll(async () => {
      engine = await start();
    }, 90_000);
    afterEach(async () => {
      // The latest first: clients go before the proxy that they speak through.
      for (const close of closing.splice(0).reverse()) await close();
      await workers.rest();
    });
    afterAll(async () => {
      await workers.stop();
      await engine?.stop();
    });

    describe('a lock', () => lockCases(stage));
    describe('among processes', () => processCases(stage));
    describe('elections, barriers and counters', () => sharedCases(stage));
    describe('a client', () => clientCases(stage));
  });
}
