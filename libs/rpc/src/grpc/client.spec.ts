import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { Upstreams } from '@rookery/discovery';
import { currentTraceId, RookeryError, runWithRequest, startTracing } from '@rookery/observability';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RpcRuntime } from '../runtime.ts';
import { type EchoServer, type EchoService, echoProto, startEchoServer } from '../testing/echo-server.ts';
import { HandRegistry } from '../testing/hand-registry.ts';
import { GrpcClient } from './client.ts';

startTracing();

class EchoClient extends GrpcClient<EchoService>({
  service: 'echo',
  proto: echoProto,
  name: 'EchoService',
  breaker: { minimumCalls: 4, openMs: 200 },
}) {}

const echo = { service: 'echo', proto: echoProto, name: 'EchoService', timeoutMs: 15_000 };

/** With the breakers that clients have when nothing is said. */
class PlainClient extends GrpcClient<EchoService>(echo) {}

/** A try may take long enough for a busy machine. */
class ImpatientClient extends GrpcClient<EchoService>({ ...echo, tryTimeoutMs: 1_000 }) {}

const forever = () => new Promise(() => {});

describe('a gRPC client with two instances', () => {
  let servers: EchoServer[];
  let registry: HandRegistry;
  let runtime: RpcRuntime;
  let client: EchoClient;
  const server = (index: number) => servers[index] as EchoServer;
  const own = (index: number) => server(index).instance;

  beforeEach(async () => {
    servers = await Promise.all(['one', 'two'].map((id) => startEchoServer(id)));
    registry = new HandRegistry();
    registry.set(...servers.map(({ instance }) => instance));
    runtime = new RpcRuntime(new Upstreams(registry));
    client = new EchoClient(runtime);
  });
  afterEach(async () => {
    runtime.close();
    for (const one of servers) one.kill();
  });

  const say = async (count: number) => Promise.all(Array.from({ length: count }, () => client.say({ text: 'hello' })));

  it('asks both, over one channel each', async () => {
    const replies = await say(40);
    expect(new Set(replies.map(({ instance }) => instance))).toEqual(new Set(['one', 'two']));
    expect(runtime.connections).toBe(2);
  });

  it('sees no error when one of them is killed under running reads', async () => {
    await say(4);
    server(0).handle = forever;
    const running = say(10);
    await vi.waitFor(() => expect(server(0).calls + server(1).calls).toBeGreaterThanOrEqual(14));
    server(0).kill();
    expect((await running).map(({ instance }) => instance)).toEqual(Array(10).fill('two'));
    expect((await say(20)).map(({ instance }) => instance)).toEqual(Array(20).fill('two'));
  });

  it('gets its answer from the other one when one of them hangs, which is no reason to call nobody', async () => {
    const impatient = new ImpatientClient(runtime);
    server(0).handle = forever;
    const replies = await Promise.all(Array.from({ length: 10 }, () => impatient.say({ text: 'x' })));
    expect(replies.map(({ instance }) => instance)).toEqual(Array(10).fill('two'));
  });

  it('leaves one alone that always fails, though what it fails cannot be repeated, and uses it again once it is well', async () => {
    const plain = new PlainClient(runtime);
    server(0).handle = () => {
      throw new RookeryError('DATABASE_UNREACHABLE', 'Away.', { status: 503 });
    };
    const failures: string[] = [];
    for (let call = 0; call < 60; call++) {
      await plain.change({ text: 'x' }).catch((error) => failures.push(error.code));
    }
    expect(new Set(failures)).toEqual(new Set(['DATABASE_UNREACHABLE']));
    expect(failures.length).toBeLessThanOrEqual(6);
    server(0).handle = () => {};
    await vi.waitFor(async () => expect((await plain.change({ text: 'x' })).instance).toBe('one'), 5_000);
  });

  it('repeats a change that never left, and none whose connection broke', async () => {
    await say(4);
    server(0).kill();
    const replies = await Promise.all(Array.from({ length: 8 }, () => client.change({ text: 'x' })));
    expect(replies).toHaveLength(8);
    server(1).handle = forever;
    const before = server(1).calls;
    const running = client.change({ text: 'x' });
    await vi.waitFor(() => expect(server(1).calls).toBe(before + 1));
    server(1).kill();
    await expect(running).rejects.toMatchObject({ code: 'RPC_UNAVAILABLE', status: 503, retryAfterMs: 1_000 });
  });

  it('closes the channel of an instance that has left once its calls have ended', async () => {
    await say(20);
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    registry.set(own(0));
    server(0).handle = () => gate;
    const running = client.say({ text: 'last' });
    await vi.waitFor(() => expect(server(0).calls).toBeGreaterThan(0));
    registry.set(own(1));
    runtime.sweep();
    expect(runtime.connections).toBe(2);
    open();
    await expect(running).resolves.toMatchObject({ text: 'last', instance: 'one' });
    expect(runtime.connections).toBe(1);
  });

  it('says in time when nobody answers, and cancels the call', async () => {
    for (const one of servers) one.handle = forever;
    const startedAtMs = performance.now();
    await expect(client.say({ text: 'x' }, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'RPC_DEADLINE_EXCEEDED',
      status: 504,
    });
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
  });

  it("gives the other side what is left of the caller's time", async () => {
    const reply = await runWithRequest({ deadlineAtMs: Date.now() + 500 }, () => client.say({ text: 'x' }));
    expect(reply.leftMs).toBeGreaterThan(0);
    expect(reply.leftMs).toBeLessThanOrEqual(500);
    await expect(
      runWithRequest({ deadlineAtMs: Date.now() - 1 }, () => client.say({ text: 'x' })),
    ).rejects.toMatchObject({
      code: 'RPC_DEADLINE_EXCEEDED',
    });
  });

  it('carries the trace and the lane', async () => {
    const span = trace.getTracer('test').startSpan('test', {}, ROOT_CONTEXT);
    await context.with(trace.setSpan(ROOT_CONTEXT, span), async () => {
      const reply = await runWithRequest({ lane: 'blue' }, () => client.say({ text: 'x' }));
      expect(reply).toMatchObject({ lane: 'blue', traceId: currentTraceId() });
    });
  });

  it('brings an error back with code, status, sentence, details and when to come again', async () => {
    for (const one of servers) {
      one.handle = () => {
        throw new RookeryError('FILM_SOLD_OUT', 'Ünique film is sold out.', {
          status: 422,
          details: { films: ['a', 'b'], nested: { left: 0 } },
          retryAfterMs: 1_500,
        });
      };
    }
    const error = await client.say({ text: 'x' }).catch((failed: unknown) => failed);
    expect(error).toBeInstanceOf(RookeryError);
    expect(error).toMatchObject({
      code: 'FILM_SOLD_OUT',
      message: 'Ünique film is sold out.',
      status: 422,
      details: { films: ['a', 'b'], nested: { left: 0 } },
      retryAfterMs: 1_500,
    });
  });

  it('is told nothing of the inside of a defect', async () => {
    for (const one of servers) {
      one.handle = () => {
        throw new Error('the password is 123');
      };
    }
    const error = await client.say({ text: 'x' }).catch((failed: Error) => failed);
    expect(error).toMatchObject({ code: 'INTERNAL', status: 500 });
    expect(String((error as Error).message)).not.toContain('123');
  });

  it('stops asking a service that is down, and comes back by itself', async () => {
    registry.set();
    for (let call = 0; call < 6; call++) await client.say({ text: 'x' }).catch(() => {});
    await expect(client.say({ text: 'x' })).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', status: 503 });
    registry.set(own(0), own(1));
    await vi.waitFor(() => client.say({ text: 'x' }), 2_000);
  });

  it('says which service has nobody, when to come again', async () => {
    registry.set();
    await expect(client.say({ text: 'x' })).rejects.toMatchObject({
      code: 'RPC_NO_INSTANCE',
      status: 503,
      retryAfterMs: 1_000,
      details: { upstream: 'echo' },
    });
  });

  it('reaches an instance that came back on the same port at once', async () => {
    registry.set(own(0));
    await say(1);
    const { port } = own(0);
    server(0).kill();
    const again = await startEchoServer('three', port);
    servers.push(again);
    registry.set(again.instance);
    await expect(client.say({ text: 'x' })).resolves.toMatchObject({ instance: 'three' });
  });

  it('leaves when its caller leaves', async () => {
    for (const one of servers) one.handle = forever;
    const controller = new AbortController();
    const running = client.say({ text: 'x' }, { signal: controller.signal });
    await vi.waitFor(() => expect(server(0).calls + server(1).calls).toBe(1));
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'RPC_CANCELLED', status: 499 });
  });
});
