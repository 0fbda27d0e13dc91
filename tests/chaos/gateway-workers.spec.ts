import { createRegistry, type Registry } from '@rookery/discovery';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../e2e/client.ts';
import { sharedPlatform } from '../platform/shared.ts';
import { Stage } from './gateway/stage.ts';
import { workerKilled } from './gateway/worker-killed.ts';

const platform = sharedPlatform();
const ID = `gateway-of-workers-${process.pid}`;
let registry: Registry;
let stage: Stage | undefined;

beforeAll(async () => {
  const [registryUrl = ''] = platform.urls('registry');
  registry = await createRegistry(registryUrl);
  stage = await Stage.open({ registryUrl, instances: 2, env: { GATEWAY_WORKERS: '2', INSTANCE_ID: ID } });
});
afterAll(async () => {
  await stage?.close();
  await registry.close();
});

const registered = async () => (await registry.instances('gateway')).filter(({ id }) => id === ID).length;

test('two workers are one instance of the embedded registry; killing one fails no request but those under way on it', async () => {
  if (!stage) throw new Error('the stage did not open');
  expect(await registered()).toBe(1);
  const tally = await workerKilled(stage, { perSecond: 100, requests: 300 });
  expect(tally).toMatchObject({ failed: 0 });
  expect(tally.sent).toBeGreaterThanOrEqual(300);
  const { workerPids } = stage;
  await eventually('the worker is replaced', async () => (workerPids.length >= 3 ? true : undefined));
  expect(await registered()).toBe(1);
  await stage.close();
  stage = undefined;
  await eventually('the instance has left the registry', async () => ((await registered()) === 0 ? true : undefined));
});
