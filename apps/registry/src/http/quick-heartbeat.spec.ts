import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RegistryProcess } from '../testing/registry-process.ts';

let registry: RegistryProcess;
beforeAll(async () => {
  registry = await RegistryProcess.start({ REGISTRY_TOKEN: 'owl' });
}, 30_000);
afterAll(() => registry.stop());

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${registry.url}${path}`, { method: 'PUT', ...init, headers: { 'x-consul-token': 'owl', ...init.headers } });
const stateOf = async (id: string) => {
  const checks = (await (await ask('/v1/agent/checks', { method: 'GET' })).json()) as Record<string, object>;
  return checks[id];
};
const fail = (id: string) => ask(`/v1/agent/check/fail/${id}?note=broken`);

describe('a heartbeat by request', () => {
  beforeEach(async () => {
    for (const [ID, check] of [
      ['orders#1', { TTL: '60s' }],
      ['orders-2', { TTL: '60s' }],
      ['orders-3', { TCP: '127.0.0.1:1', Interval: '60s' }],
    ] as const)
      await ask('/v1/agent/service/register', { body: JSON.stringify({ ID, Name: 'orders', Check: check }) });
  });

  it('passes the check whichever way it is written, and is answered the same', async () => {
    const written = [
      ['service:orders-2', '/v1/agent/check/pass/service:orders-2'],
      ['service:orders-2', '/v1/agent/check/pass/service%3Aorders-2'],
      ['service:orders-2', '/v1/agent/check/pass/service:orders-2?token=owl'],
      ['service:orders#1', '/v1/agent/check/pass/service:orders%231'],
    ] as const;
    const answers = [];
    for (const [id, path] of written) {
      await fail(encodeURIComponent(id));
      expect(await stateOf(id)).toMatchObject({ Status: 'critical', Output: 'broken' });
      const { status, headers } = await ask(path);
      expect(await stateOf(id)).toMatchObject({ Status: 'passing', Output: '' });
      const { date: _date, ...same } = Object.fromEntries(headers);
      answers.push({ status, headers: same });
    }
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.status).toBe(200);
  });

  it('keeps its note, also beside a body', async () => {
    await ask('/v1/agent/check/pass/service:orders-2?note=fine', { body: '{}' });
    expect(await stateOf('service:orders-2')).toMatchObject({ Status: 'passing', Output: 'fine' });
    expect((await ask('/v1/agent/check/pass/service:orders-2', { body: 'whatever' })).status).toBe(200);
    expect(await stateOf('service:orders-2')).toMatchObject({ Status: 'passing', Output: '' });
  });

  it('is refused for a check that is not there or is not reported on, and without the token', async () => {
    expect((await ask('/v1/agent/check/pass/service:nobody')).status).toBe(404);
    expect((await ask('/v1/agent/check/pass/service:orders-3')).status).toBe(500);
    await fail('service:orders-2');
    for (const token of ['', 'crow'])
      expect(
        (await ask('/v1/agent/check/pass/service:orders-2', { headers: { 'x-consul-token': token } })).status,
      ).toBe(403);
    expect((await ask('/v1/agent/check/pass/service:orders-2', { method: 'GET' })).status).toBe(404);
    expect(await stateOf('service:orders-2')).toMatchObject({ Status: 'critical' });
  });

  it('counts in the metrics by its route', async () => {
    await ask('/v1/agent/check/pass/service:orders-2');
    const metrics = await (await fetch(`${registry.url}/metrics`)).text();
    expect(metrics).toContain('route="/v1/agent/check/pass/:id"');
    expect(metrics).not.toContain('service:orders');
  });
});
