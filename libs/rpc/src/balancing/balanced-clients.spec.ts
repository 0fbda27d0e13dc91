import { parseBalance, Upstreams } from '@rookery/discovery';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { HttpClient } from '../http/client.ts';
import { get } from '../http/endpoint.ts';
import { RpcRuntime } from '../runtime.ts';
import { HandRegistry } from '../testing/hand-registry.ts';
import { type HttpTestServer, startHttpServer } from '../testing/http-server.ts';
import type { RpcPolicy } from './rpc-policy.ts';

const filmsUnder = (policy: RpcPolicy) =>
  HttpClient('catalog', { film: get('/film', { response: z.object({ title: z.string() }) }) }, policy);

describe('a client that says how its calls are spread', () => {
  let servers: HttpTestServer[];
  let upstreams: Upstreams;
  let runtime: RpcRuntime;

  beforeEach(async () => {
    servers = await Promise.all(['one', 'two', 'three'].map(startHttpServer));
    const registry = new HandRegistry();
    registry.set(...servers.map(({ instance }) => instance));
    upstreams = new Upstreams(registry);
    runtime = new RpcRuntime(upstreams);
  });
  afterEach(() => {
    runtime.close();
    upstreams.close();
    for (const server of servers) server.kill();
  });

  it('goes round its instances in turn', async () => {
    const films = new (filmsUnder({ balance: 'round-robin' }))(runtime);
    for (let call = 0; call < 9; call++) await films.film();
    expect(servers.map(({ requests }) => requests.length)).toEqual([3, 3, 3]);
  });

  it('keeps calls with one key together, by its option or by the header that the balance names', async () => {
    const films = new (filmsUnder({ balance: { algorithm: 'maglev', sticky: { header: 'X-User' } } }))(runtime);
    const takenBy = async (options: Parameters<typeof films.film>[1]) => {
      const titles = new Set<string>();
      for (let call = 0; call < 5; call++) titles.add((await films.film(undefined, options)).title);
      return [...titles];
    };
    for (const user of ['ada', 'grace', 'alan', 'edsger']) {
      const [title, ...others] = await takenBy({ headers: { 'x-user': user } });
      expect(others).toEqual([]);
      expect(await takenBy({ key: user })).toEqual([title]);
    }
  });

  it('goes elsewhere when the instance of its key fails', async () => {
    const films = new (filmsUnder({ balance: 'ring-hash' }))(runtime);
    const { title } = await films.film(undefined, { key: 'ada' });
    servers.find(({ instance }) => instance.id === title)?.kill();
    expect((await films.film(undefined, { key: 'ada' })).title).not.toBe(title);
  });

  it('finds one that hangs by asking, before a call has to wait for it', async () => {
    const hanging = servers[0] as HttpTestServer;
    hanging.handle = () => {};
    const health = { path: '/ready', everyMs: 100, timeoutMs: 500, downAfter: 1 };
    const films = new (filmsUnder({ balance: { algorithm: 'round-robin', health } }))(runtime);
    const balanced = upstreams.of('catalog', parseBalance({ algorithm: 'round-robin', health }));
    await expect.poll(() => balanced.loads.filter(({ isDown }) => isDown).length, { timeout: 10_000 }).toBe(1);
    for (let call = 0; call < 6; call++) expect((await films.film()).title).not.toBe('one');
    expect(hanging.requests.filter((line) => line === 'GET /film')).toEqual([]);
  });

  it('is refused when it asks for what there is not', () => {
    const policy = { balance: { algorithm: 'fastest' } } as unknown as RpcPolicy;
    expect(() => new (filmsUnder(policy))(runtime)).toThrow(/catalog\.balance\.algorithm/);
  });
});
