import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Rig, startRig, until } from '../testing/rig.ts';

const REQUESTS = 10;
/** Long enough for all to arrive, on a busy machine too. */
const TRY_MS = 1_500;

/** The whole process stands still, as where others have the processor. */
const standStill = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

let rig: Rig;
let held: ServerResponse[];
let onHeld: () => void;

beforeEach(async () => {
  held = [];
  onHeld = () => {};
  rig = await startRig({
    routes: [{ id: 'it', path: '/**', service: 'catalog', tryTimeoutMs: TRY_MS, timeoutMs: 10_000 }],
  });
  const upstreams = [1, 2].map(() =>
    rig.upstream((_request, response) => {
      held.push(response);
      onHeld();
    }),
  );
  rig.registry.set('catalog', ...(await Promise.all(upstreams)).map(({ port }) => port));
});
afterEach(() => rig.close());

const ask = async () => {
  const response = await fetch(`${rig.url}/x`);
  await response.arrayBuffer();
  return response.status;
};

describe('given a process that stood still for longer than a try may take', () => {
  it('answers that came meanwhile are in time: nothing is tried again, nobody is blamed', async () => {
    onHeld = () => {
      if (held.length !== REQUESTS) return;
      for (const response of held) response.end('{}');
      standStill(TRY_MS + 500);
    };
    const asked = Array.from({ length: REQUESTS }, ask);
    expect(new Set(await Promise.all(asked))).toEqual(new Set([200]));
    await until('all are logged', () => rig.gateway.inFlight === 0);
    expect(held).toHaveLength(REQUESTS);
    const target = rig.gateway.targets.of('catalog');
    expect([target?.breaker.state, target?.budget.available]).toEqual(['closed', 128]);
  });
});
