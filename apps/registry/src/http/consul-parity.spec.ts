import { startConsul } from '@rookery/servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RegistryProcess } from '../testing/registry-process.ts';

const consul = await startConsul();
let registry: RegistryProcess;
beforeAll(async () => {
  if (consul) registry = await RegistryProcess.start();
}, 30_000);
afterAll(async () => {
  await registry?.stop();
  await consul?.stop();
});

const NOBODY = '11111111-1111-1111-1111-111111111111';
const WEB =
  '{"Name":"parity","ID":"parity-1","Address":"10.0.0.1","Port":80,"Meta":{"a":"b"},"Check":{"TTL":"10s","Status":"passing"}}';

/** One after another on both; what is different on purpose is not here. */
const REQUESTS: [method: string, path: string, body?: string][] = [
  ['PUT', '/v1/agent/service/register', WEB],
  ['PUT', '/v1/agent/service/register', '{broken'],
  ['PUT', '/v1/agent/service/register', '{}'],
  ['PUT', '/v1/agent/service/register', ''],
  ['PUT', '/v1/agent/service/register', '{"name":"low","port":"80"}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"t","Check":{"TTL":"soon"}}'],
  ['PUT', '/v1/agent/service/register', '{"Name":"t","Meta":{"a b":"x"}}'],
  ['PUT', '/v1/agent/check/pass/nobody'],
  ['PUT', '/v1/agent/check/warn/service:parity-1?note=slow'],
  ['PUT', '/v1/agent/check/update/service:parity-1', '{"Status":"odd"}'],
  ['PUT', '/v1/agent/check/update/service:parity-1', '{"Status":"passing","Output":"well"}'],
  ['GET', '/v1/agent/service/parity-1'],
  ['GET', '/v1/agent/service/nobody'],
  ['GET', '/v1/health/service/nobody'],
  ['GET', '/v1/health/service/parity?dc=elsewhere'],
  ['GET', '/v1/health/checks/nobody'],
  ['GET', '/v1/catalog/service/nobody'],
  ['GET', '/v1/kv/parity'],
  ['GET', '/v1/kv/'],
  ['GET', '/v1/kv/parity?recurse'],
  ['GET', '/v1/kv/parity/?keys'],
  ['PUT', '/v1/kv/', 'x'],
  ['PUT', '/v1/kv/parity', 'x'],
  ['PUT', '/v1/kv/parity?cas=0', 'y'],
  ['PUT', '/v1/kv/parity?flags=7', 'y'],
  ['GET', '/v1/kv/parity?raw'],
  ['PUT', `/v1/kv/parity?acquire=${NOBODY}`, 'x'],
  ['PUT', '/v1/kv/parity-empty', ''],
  ['GET', '/v1/kv/parity?keys'],
  ['GET', '/v1/kv/parity?index=x'],
  ['GET', '/v1/kv/parity?wait=1'],
  ['PUT', '/v1/kv/parity-big', 'x'.repeat(600_000)],
  ['DELETE', '/v1/kv/parity-none?cas=5'],
  ['DELETE', '/v1/kv/parity?cas=3'],
  ['DELETE', '/v1/kv/parity?cas=0'],
  ['DELETE', '/v1/kv/parity'],
  ['DELETE', '/v1/kv/'],
  ['DELETE', '/v1/kv/parity?recurse'],
  ['PUT', '/v1/session/create', '{"TTL":"1s"}'],
  ['PUT', '/v1/session/create', '{"TTL":"x"}'],
  ['PUT', '/v1/session/create', '{"Behavior":"odd"}'],
  ['PUT', '/v1/session/create', '{"Checks":["nobody"]}'],
  ['PUT', `/v1/session/renew/${NOBODY}`],
  ['PUT', `/v1/session/destroy/${NOBODY}`],
  ['GET', `/v1/session/info/${NOBODY}`],
  ['GET', '/v1/nothing'],
];

async function ask(base: string, [method, path, body]: (typeof REQUESTS)[number]) {
  const response = await fetch(base + path, { method, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  return {
    status: response.status,
    value: isJson ? JSON.parse(text) : undefined,
    index: response.headers.has('x-consul-index'),
  };
}

/** Which fields an answer has, however deep: names and kinds, no values. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shape);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, shape(field)]));
}

describe.skipIf(!consul)('beside a real Consul, the registry', { timeout: 30_000 }, () => {
  it('answers each request with the same status, and the same kind of value', async () => {
    const server = consul?.url.replace('consul:', 'http:') ?? '';
    for (const request of REQUESTS) {
      const [theirs, ours] = [await ask(server, request), await ask(registry.url, request)];
      const title = request.slice(0, 2).join(' ');
      expect({ title, status: ours.status, index: ours.index }).toEqual({
        title,
        status: theirs.status,
        index: theirs.index,
      });
      if (typeof theirs.value !== 'object')
        expect({ title, value: ours.value }).toEqual({ title, value: theirs.value });
    }
  });

  it('shows no field that Consul does not show, of the same kind', async () => {
    const server = consul?.url.replace('consul:', 'http:') ?? '';
    const both = async (...request: (typeof REQUESTS)[number]) =>
      [await ask(server, request), await ask(registry.url, request)] as const;
    await both('PUT', '/v1/agent/service/register', WEB);
    await both('PUT', '/v1/kv/shape', '1');
    await both('PUT', '/v1/session/create', '{"TTL":"10s"}');
    // Consul's agent tells its catalogue a little later.
    await expect
      .poll(async () => (await ask(server, ['GET', '/v1/catalog/service/parity'])).value, { timeout: 10_000 })
      .toHaveLength(1);
    const paths = [
      'health/service/parity',
      'health/checks/parity',
      'catalog/service/parity',
      'catalog/nodes',
      'kv/shape',
      'session/list',
    ];
    for (const path of [...paths, 'status/leader', 'status/peers', 'catalog/datacenters']) {
      const [theirs, ours] = await both('GET', `/v1/${path}`);
      expect({ path, shape: shape(theirs.value) }).toMatchObject({ path, shape: shape(ours.value) as object });
    }
  });
});
