import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { explainResource } from './rules.ts';

const asked: string[] = [];
let service: Server;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  service = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://service');
    asked.push(`${pathname} ${searchParams.get('resource')}`);
    if (searchParams.get('resource') !== 'http:GET /api/orders') return void response.writeHead(404).end('{}');
    const atMs = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
    const refused = { atMs, decision: 'refused', rule: 'few', kind: 'flow', reason: 'it had 5 calls; the limit is 5' };
    const passed = { atMs, decision: 'passed', reason: 'no rule had anything against it' };
    response.end(JSON.stringify({ decisions: [refused, passed] }));
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  environment = { DISCOVERY_URL: `static:orders=127.0.0.1:${(service.address() as AddressInfo).port}` };
});
afterAll(() => void service.close());

it('tells of each instance which rule decided the last calls, and why', async () => {
  const text = await explainResource(tmpdir(), environment, 'http:GET /api/orders', 'orders');
  expect(text).toMatch(/03:04:05\.006\s+refused\s+few\s+flow\s+it had 5 calls; the limit is 5/);
  expect(text).toMatch(/passed\s+no rule had anything against it/);
  expect(asked).toContain('/resilience http:GET /api/orders');
});

it('asks all services where none is named, and says when none knows the resource', async () => {
  expect(await explainResource(tmpdir(), environment, 'http:GET /api/orders')).toContain('few');
  await expect(explainResource(tmpdir(), environment, 'nothing')).rejects.toThrow(
    'No service knows a resource nothing',
  );
});
