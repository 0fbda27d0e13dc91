import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { createRegistry } from '@rookery/discovery';
import Consul from 'consul';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RegistryProcess } from '../testing/registry-process.ts';

const run = promisify(execFile);
const POLL = { timeout: 15_000 };

let registry: RegistryProcess;
let consul: InstanceType<typeof Consul>;
let service: Server;
let port: number;
let status = 200;
const asked: { method: string | undefined; header: unknown }[] = [];

beforeAll(async () => {
  registry = await RegistryProcess.start();
  consul = new Consul({ port: registry.port });
  service = createServer((request, response) => {
    asked.push({ method: request.method, header: request.headers['x-check'] });
    response.writeHead(status, { location: '/elsewhere' }).end('secret words');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => service.once('listening', resolve));
  port = (service.address() as AddressInfo).port;
}, 30_000);
afterAll(async () => {
  consul.destroy();
  service.close();
  await registry.stop();
});

type Check = { Status: string; Output: string; Type: string; Interval: string };
const check = async (name: string) => ((await consul.health.checks(name)) as unknown as Check[])[0];
const statusOf = async (name: string) => (await check(name))?.Status;

describe('a service without heartbeats', { timeout: 60_000 }, () => {
  it('registers by curl with an HTTP check that the registry runs, and is called by our clients while it is well', async () => {
    const url = `http://127.0.0.1:${port}/well`;
    const body = {
      Name: 'foreign',
      ID: 'foreign-1',
      Address: '127.0.0.1',
      Port: port,
      Check: { HTTP: url, Method: 'HEAD', Header: { 'X-Check': ['owl'] }, Interval: '1s', Timeout: '2s' },
    };
    await run('curl', ['-sf', '-X', 'PUT', '-d', JSON.stringify(body), `${registry.url}/v1/agent/service/register`]);
    const client = await createRegistry(`consul://127.0.0.1:${registry.port}`);
    const watch = client.watch('foreign', () => {});
    await expect.poll(() => watch.current.map(({ id }) => id), POLL).toEqual(['foreign-1']);
    expect(await check('foreign')).toMatchObject({ Type: 'http', Interval: '1s', Output: `HTTP HEAD ${url}: 200 OK` });
    expect(asked.at(-1)).toEqual({ method: 'HEAD', header: 'owl' });
    status = 429;
    await expect.poll(() => statusOf('foreign'), POLL).toBe('warning');
    status = 302;
    await expect.poll(() => statusOf('foreign'), POLL).toBe('critical');
    await expect.poll(() => watch.current, POLL).toEqual([]);
    status = 200;
    await expect.poll(() => watch.current.length, POLL).toBe(1);
    await client.close();
  });

  it('cannot report on such a check itself, and is not looked at any more once it is gone', async () => {
    await expect(consul.agent.check.pass('service:foreign-1')).rejects.toMatchObject({ statusCode: 500 });
    await consul.agent.service.deregister('foreign-1');
    const before = asked.length;
    await consul.agent.service.register({
      name: 'after',
      check: { name: 'page', http: `http://127.0.0.1:${port}/`, interval: '1s', timeout: '2s' },
    });
    await expect.poll(() => asked.length, POLL).toBeGreaterThan(before + 2);
    expect(asked.slice(before + 1).map(({ method }) => method)).not.toContain('HEAD');
  });

  it('registers by npm consul with a TCP check, also over a restart of the registry', async () => {
    const tcp = `127.0.0.1:${port}`;
    await consul.agent.service.register({ name: 'plain', check: { name: 'port', tcp, interval: '1s', timeout: '2s' } });
    await expect.poll(() => statusOf('plain'), POLL).toBe('passing');
    expect(await check('plain')).toMatchObject({ Type: 'tcp', Output: `TCP connect ${tcp}: Success` });
    await registry.end('SIGTERM');
    await registry.start();
    expect(await statusOf('plain')).toBe('passing');
    service.closeAllConnections();
    await new Promise((resolve) => service.close(resolve));
    await expect.poll(() => statusOf('plain'), POLL).toBe('critical');
    expect((await check('plain'))?.Output).toBe(`TCP connect ${tcp}: ECONNREFUSED`);
  });
});
