import { Client, type ClientDuplexStream, credentials, type MethodDefinition } from '@grpc/grpc-js';
import { freePorts } from '@rookery/servers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RegistryState } from '../../domain/registry-state.ts';
import { TokenGuard } from '../../http/token.guard.ts';
import { NacosServices } from '../nacos-services.ts';
import { NacosGrpc } from './nacos-grpc.ts';
import {
  type NacosMessage,
  type Payload,
  requestService,
  streamService,
  toMessage,
  toPayload,
} from './nacos-payload.ts';

type Method = MethodDefinition<Payload, Payload>;
const closing: (() => void)[] = [];
let state: RegistryState;
let port: number;

async function serve(tokens: string[] = []): Promise<NacosGrpc> {
  state = new RegistryState();
  const grpc = new NacosGrpc(state, new NacosServices(state), new TokenGuard(tokens));
  [port = 0] = await freePorts(1);
  await grpc.listen('127.0.0.1', port);
  closing.push(() => grpc.close());
  return grpc;
}
beforeEach(() => serve());
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

/** A client as they are on the wire. */
class Wire {
  readonly heard: NacosMessage[] = [];
  readonly #client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  #stream: ClientDuplexStream<Payload, Payload> | undefined;
  ended = false;

  /** @param acknowledges what it is told */
  async connect({ acknowledges = true } = {}): Promise<this> {
    closing.push(() => this.close());
    expect(await this.ask('ServerCheckRequest', {})).toMatchObject({ type: 'ServerCheckResponse' });
    const { path, requestSerialize, responseDeserialize } = streamService.requestBiStream as Method;
    const stream = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    stream.on('data', (payload: Payload) => {
      const message = toMessage(payload);
      this.heard.push(message);
      if (acknowledges) this.acknowledge(message);
    });
    for (const event of ['error', 'end']) stream.on(event, () => (this.ended = true));
    stream.write(toPayload({ type: 'ConnectionSetupRequest', body: {} }));
    this.#stream = stream;
    const known = async () => (await this.ask('HealthCheckRequest', {})).type;
    await expect.poll(known).toBe('HealthCheckResponse');
    return this;
  }

  acknowledge({ body }: NacosMessage): void {
    this.#stream?.write(toPayload({ type: 'NotifySubscriberResponse', body: { requestId: body.requestId } }));
  }

  async ask(type: string, body: Record<string, unknown>, headers: Record<string, string> = {}): Promise<NacosMessage> {
    const { path, requestSerialize, responseDeserialize } = requestService.request as Method;
    const payload = { ...toPayload({ type, body: { requestId: '7', ...body } }), metadata: { type, headers } };
    const { promise, resolve, reject } = Promise.withResolvers<Payload>();
    this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, payload, (error, answer) =>
      error || !answer ? reject(error) : resolve(answer),
    );
    return toMessage(await promise);
  }

  close(): void {
    this.#stream?.cancel();
    this.#client.close();
  }
}

const named = { namespace: 'public', groupName: 'DEFAULT_GROUP', serviceName: 'orders' };
const instance = (at: number, more: object = {}) => ({
  ...{ instanceId: null, ip: '10.0.0.1', port: at, weight: 1, healthy: true, enabled: true, ephemeral: true },
  ...{ clusterName: 'DEFAULT', serviceName: null, metadata: { 'preserved.heart.beat.timeout': '1000' }, ...more },
});
const register = (client: Wire, at: number, more: object = {}) =>
  client.ask('InstanceRequest', { ...named, type: 'registerInstance', instance: instance(at, more) });
const batch = (client: Wire, ...ports: number[]) =>
  client.ask('BatchInstanceRequest', {
    ...{ ...named, type: 'batchRegisterInstance' },
    instances: ports.map((at) => instance(at)),
  });
const ports = () => state.services.ofName('orders').map(({ port: at }) => at);
const pushed = (client: Wire) =>
  client.heard.map(({ body }) => (body.serviceInfo as { hosts: { port: number }[] }).hosts.map(({ port: at }) => at));

describe("Nacos' gRPC", () => {
  it('registers an instance, which lives as long as its connection, and no longer', async () => {
    const [one, two] = [await new Wire().connect(), await new Wire().connect()];
    expect(await register(one, 1)).toMatchObject({
      type: 'InstanceResponse',
      body: { resultCode: 200, requestId: '7', type: 'registerInstance' },
    });
    await register(two, 2);
    expect(ports()).toEqual([1, 2]);
    expect(state.services.checks()).toMatchObject([{ ttlMs: 15_000, status: 'passing' }, {}]);
    const { body } = await two.ask('ServiceQueryRequest', { ...named, cluster: '', healthyOnly: true });
    expect(body.serviceInfo).toMatchObject({
      name: 'orders',
      groupName: 'DEFAULT_GROUP',
      hosts: [{ port: 1 }, { port: 2 }],
    });
    one.close();
    await expect.poll(ports).toEqual([2]);
    await two.ask('InstanceRequest', { ...named, type: 'deregisterInstance', instance: instance(2) });
    expect(ports()).toEqual([]);
  });

  it('keeps an instance that came back by another connection before the end of the first was seen', async () => {
    const [first, second] = [await new Wire().connect(), await new Wire().connect()];
    await register(first, 1);
    await register(second, 1);
    first.close();
    await new Wire().connect();
    expect(ports()).toEqual([1]);
    second.close();
    await expect.poll(ports).toEqual([]);
  });

  it('takes all instances of a service of one connection together', async () => {
    const client = await new Wire().connect();
    expect(await batch(client, 1, 2, 3)).toMatchObject({ type: 'BatchInstanceResponse', body: { resultCode: 200 } });
    await batch(client, 2, 4);
    expect(ports().sort()).toEqual([2, 4]);
    await register(client, 5);
    expect(ports()).toEqual([5]);
    client.close();
    await expect.poll(ports).toEqual([]);
  });

  it('keeps a persistent instance when its connection ends', async () => {
    const client = await new Wire().connect();
    await register(client, 1, { ephemeral: false });
    client.close();
    const other = await new Wire().connect();
    expect(ports()).toEqual([1]);
    expect(state.services.checks()).toMatchObject([{ probe: { target: { kind: 'tcp' } } }]);
    const gone = { ...named, type: 'deregisterInstance', instance: instance(1, { ephemeral: false }) };
    await other.ask('PersistentInstanceRequest', gone);
    expect(ports()).toEqual([]);
  });

  it('pushes what has changed to who subscribed, and the latest alone to who is slow to acknowledge', async () => {
    const [quick, slow] = [await new Wire().connect(), await new Wire().connect({ acknowledges: false })];
    const registering = await new Wire().connect();
    for (const client of [quick, slow]) {
      const answer = await client.ask('SubscribeServiceRequest', { ...named, subscribe: true, clusters: '' });
      expect(answer).toMatchObject({ type: 'SubscribeServiceResponse', body: { serviceInfo: { hosts: [] } } });
    }
    for (const last of [1, 2, 3]) {
      await batch(registering, ...Array.from({ length: last }, (_, index) => index + 1));
      await expect.poll(() => pushed(quick).at(-1)).toHaveLength(last);
    }
    expect(pushed(slow)).toEqual([[1]]);
    expect(slow.heard[0]).toMatchObject({ type: 'NotifySubscriberRequest', body: { ...named } });
    slow.acknowledge(slow.heard[0] as NacosMessage);
    await expect.poll(() => pushed(slow)).toEqual([[1], [1, 2, 3]]);
    await quick.ask('SubscribeServiceRequest', { ...named, subscribe: false, clusters: '' });
    const before = quick.heard.length;
    registering.close();
    slow.acknowledge(slow.heard[1] as NacosMessage);
    await expect.poll(() => pushed(slow).at(-1)).toEqual([]);
    expect(quick.heard).toHaveLength(before);
  });

  it('lists the services of a group by pages', async () => {
    const client = await new Wire().connect();
    for (const serviceName of ['a', 'b', 'c']) {
      const body = { ...named, groupName: 'G', serviceName, type: 'registerInstance', instance: instance(1) };
      await client.ask('InstanceRequest', body);
    }
    const list = async (pageNo: number) =>
      (await client.ask('ServiceListRequest', { ...named, serviceName: '', groupName: 'G', pageNo, pageSize: 2 })).body;
    expect(await list(1)).toMatchObject({ count: 3, serviceNames: ['a', 'b'] });
    expect(await list(2)).toMatchObject({ count: 3, serviceNames: ['c'] });
  });

  it('says what it cannot do, and what was wrong', async () => {
    const stranger = new Wire();
    closing.push(() => stranger.close());
    const code = async (asked: Promise<NacosMessage>) => {
      const { type, body } = await asked;
      return [type, body.errorCode];
    };
    expect(await code(register(stranger, 1))).toEqual(['ErrorResponse', 301]);
    const client = await new Wire().connect();
    expect(await code(client.ask('ConfigQueryRequest', named))).toEqual(['ErrorResponse', 302]);
    expect(await code(register(client, 70_000))).toEqual(['ErrorResponse', 400]);
    expect(await code(client.ask('InstanceRequest', { ...named, type: 'x', instance: instance(1) }))).toEqual([
      'ErrorResponse',
      400,
    ]);
    expect(await code(client.ask('InstanceRequest', {}))).toEqual(['ErrorResponse', 400]);
    expect(ports()).toEqual([]);
  });

  it('asks for a token where there is one', async () => {
    await serve(['night-owl']);
    const client = await new Wire().connect();
    const body = { ...named, type: 'registerInstance', instance: instance(1) };
    const as = async (headers: Record<string, string>) => (await client.ask('InstanceRequest', body, headers)).body;
    expect(await as({})).toMatchObject({ resultCode: 500, errorCode: 403 });
    expect(await as({ accessToken: 'swordfish' })).toMatchObject({ errorCode: 403 });
    expect(await as({ accessToken: 'night-owl' })).toMatchObject({ resultCode: 200 });
  });

  it('lets its clients go when it ends, and keeps their instances for when they come back', async () => {
    const grpc = await serve();
    const client = await new Wire().connect();
    await register(client, 1);
    grpc.close();
    await expect.poll(() => client.ended).toBe(true);
    expect(ports()).toEqual([1]);
  });
});
