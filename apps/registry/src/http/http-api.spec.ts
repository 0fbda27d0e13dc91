import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RegistryProcess } from '../testing/registry-process.ts';

let registry: RegistryProcess;
beforeAll(async () => {
  registry = await RegistryProcess.start();
}, 30_000);
afterAll(() => registry.stop());

async function ask(method: string, path: string, body?: string, contentType = 'application/x-www-form-urlencoded') {
  const response = await fetch(registry.url + path, {
    method,
    ...(body === undefined ? {} : { body, headers: { 'content-type': contentType } }),
  });
  const text = await response.text();
  return {
    status: response.status,
    text,
    index: Number(response.headers.get('x-consul-index')),
    headers: response.headers,
  };
}
const register = (service: object) => ask('PUT', '/v1/agent/service/register', JSON.stringify(service));
const TTL = { TTL: '10s', Status: 'passing' };

describe('the HTTP API', { timeout: 30_000 }, () => {
  it('takes JSON whatever content type it comes with, as curl sends it', async () => {
    for (const type of [
      'application/json',
      'text/plain',
      'application/octet-stream',
      'application/x-www-form-urlencoded',
    ]) {
      const body = JSON.stringify({ ID: 'typed-1', Name: 'typed', Port: 80, Check: TTL });
      expect(await ask('PUT', '/v1/agent/service/register', body, type)).toMatchObject({ status: 200, text: '' });
    }
    expect(JSON.parse((await ask('GET', '/v1/health/service/typed?passing')).text)).toHaveLength(1);
  });

  it('answers errors as Consul does: a status and one line of text', async () => {
    const refused = async (service: object | string) => {
      const body = typeof service === 'string' ? service : JSON.stringify(service);
      const { status, text, headers } = await ask('PUT', '/v1/agent/service/register', body);
      expect([status, headers.get('content-type')]).toEqual([400, 'text/plain; charset=utf-8']);
      expect(text).not.toMatch(/\n/);
      return text;
    };
    expect(await refused('{broken')).toBe('Request decode failed: the body is not JSON');
    expect(await refused({})).toBe('Missing service name');
    expect(await refused({ Name: 'a/../b' })).toMatch('name: a service name is letters');
    expect(await refused({ Name: 'web', Port: 70_000 })).toMatch('port');
    expect(await refused({ Name: 'web', Port: '80' })).toMatch('port');
    expect(await refused({ Name: 'web', Meta: { 'a b': '' } })).toMatch('meta');
    expect(await refused({ Name: 'web', Meta: { a: 'x'.repeat(513) } })).toMatch('limit: 512');
    expect(await refused({ Name: 'web', Check: { GRPC: 'x:1', Interval: '1s' } })).toMatch('one of TTL, HTTP and TCP');
    expect(await refused({ Name: 'web', Check: { HTTP: 'ftp://x', Interval: '1s' } })).toMatch('http:// or https://');
    expect(await refused({ Name: 'web', Check: { HTTP: 'http://x' } })).toMatch('Interval must be > 0');
    expect(await refused({ Name: 'web', Check: { TCP: 'nowhere', Interval: '1s' } })).toMatch('host:port');
    expect(await refused({ Name: 'web', Check: { TTL: '5s', Interval: '1s' } })).toMatch('cannot both');
    expect(await refused({ Name: 'web', Check: { TTL: 'soon' } })).toMatch('invalid duration "soon"');
    expect(await refused('[]')).toMatch('Request decode failed');
    expect(await refused('{"__proto__":{"Name":"web"}}')).toMatch('Missing service name');
    expect(await ask('PUT', '/v1/agent/check/update/nobody', '{"Status":"passing"}')).toMatchObject({ status: 404 });
    expect(await ask('PUT', '/v1/agent/check/update/nobody', '{"Status":"well"}')).toMatchObject({ status: 400 });
    expect(await ask('GET', '/v1/health/service/web?filter=x')).toMatchObject({ status: 400 });
    expect(await ask('GET', '/v1/health/service/web?dc=elsewhere')).toMatchObject({
      status: 500,
      text: 'No path to datacenter',
    });
    expect(await ask('GET', '/v1/health/state/odd')).toMatchObject({ status: 400 });
    expect(await ask('GET', '/v1/kv/a?index=x')).toMatchObject({ status: 400, text: 'Invalid index' });
    expect(await ask('GET', '/v1/kv/a?index=1&wait=x')).toMatchObject({ status: 400, text: 'Invalid wait time' });
    expect(await ask('GET', '/v1/kv/')).toMatchObject({ status: 400, text: 'Missing key name' });
    expect(await ask('PUT', '/v1/kv/a?cas=x', '1')).toMatchObject({ status: 400 });
    expect(await ask('PUT', '/v1/kv/a?acquire=nobody', '1')).toMatchObject({ status: 500 });
    expect(await ask('PUT', '/v1/kv/big', 'x'.repeat(600_000))).toMatchObject({ status: 413 });
    expect(await ask('PUT', '/v1/kv/big', 'x'.repeat(2_000_000))).toMatchObject({ status: 413 });
    expect(await ask('GET', '/v1/nothing')).toMatchObject({ status: 404 });
  });

  it('wakes a blocking query when what it asks about changes, and only then', async () => {
    await register({ Name: 'orders', Check: TTL });
    const { index } = await ask('GET', '/v1/health/service/orders');
    let woken = false;
    const blocked = ask('GET', `/v1/health/service/orders?index=${index}&wait=1m`).finally(() => {
      woken = true;
    });
    await register({ Name: 'catalog', Check: TTL });
    await ask('PUT', '/v1/kv/orders', '1');
    await ask('PUT', '/v1/agent/check/pass/service:orders');
    expect(woken).toBe(false);
    await ask('PUT', '/v1/agent/check/fail/service:orders');
    const answer = await blocked;
    expect(answer.index).toBeGreaterThan(index);
    expect(JSON.parse(answer.text)).toMatchObject([{ Checks: [{ Status: 'critical' }] }]);
  });

  it('blocks for a key that is not there yet, and for all under a prefix', async () => {
    const missing = await ask('GET', '/v1/kv/later/on');
    expect(missing).toMatchObject({ status: 404, text: '' });
    const one = ask('GET', `/v1/kv/later/on?index=${missing.index}&wait=1m`);
    const all = ask('GET', `/v1/kv/later/?recurse&index=${missing.index}&wait=1m`);
    await ask('PUT', '/v1/kv/later/on', 'now');
    for (const { status, text } of await Promise.all([one, all])) {
      expect([status, JSON.parse(text)]).toMatchObject([200, [{ Key: 'later/on', Value: 'bm93' }]]);
    }
  });

  it('lets a blocking query go after its wait', async () => {
    const { index } = await ask('GET', '/v1/catalog/services');
    const startedAtMs = performance.now();
    expect((await ask('GET', `/v1/catalog/services?index=${index}&wait=100ms`)).index).toBe(index);
    expect(performance.now() - startedAtMs).toBeGreaterThan(90);
  });

  it('holds 600 watchers and wakes them all at one change', async () => {
    const { index } = await ask('GET', '/v1/kv/many');
    const watchers = Array.from({ length: 600 }, () => ask('GET', `/v1/kv/many?index=${index}&wait=1m`));
    // Each is on its way or waiting: whoever comes late sees the change at once.
    await ask('PUT', '/v1/kv/many', '1');
    const answers = await Promise.all(watchers);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('says in one sentence that its port is taken', () => {
    const servers = fileURLToPath(new URL('../../../../tests/servers/register-swc.ts', import.meta.url));
    const main = fileURLToPath(new URL('../main.ts', import.meta.url));
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--conditions', '@rookery/source', '--import', servers, main],
      {
        encoding: 'utf8',
        env: { ...process.env, REGISTRY_PORT: String(registry.port), PORT: undefined, ROOKERY_HOME: registry.home },
      },
    );
    expect(status).toBe(1);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout).reason).toBe(
      `Port ${registry.port} on 127.0.0.1 is taken, so registry cannot start. ` +
        'Stop the program that holds it, or set REGISTRY_PORT to a free port.',
    );
  });
});
