import { afterAll, beforeAll, expect, test } from 'vitest';
import { sharedPlatform } from '../platform/shared.ts';
import { hung, mad, play } from './gateway/scenario.ts';
import { Stage } from './gateway/stage.ts';

const platform = sharedPlatform();
let stage: Stage;

beforeAll(async () => {
  const [registryUrl = ''] = platform.urls('registry');
  const route = { id: 'services', path: '/api/{service}/**', service: '{service}', tryTimeoutMs: 500 };
  stage = await Stage.open({ registryUrl, instances: 3, settings: { routes: [route] } });
});
afterAll(() => stage?.close());

test.each([hung, mad])('$name, two of three: not one failed GET', async (scenario) => {
  const { sent, reasons } = await play(stage, scenario, { perSecond: 100, requests: 400 });
  expect(reasons).toEqual([]);
  expect(sent).toBeGreaterThanOrEqual(400);
  await stage.complete();
});
