import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Client, credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EchoServer, startEchoServer } from '../testing/echo-server.ts';

/** ServingStatus of grpc.health.v1. */
const SERVING = 1;
const NOT_SERVING = 2;
const SAY = '/rookery.testing.v1.EchoService/Say';
const bytes = (value: Buffer) => value;

/** A client of plain grpc-js, as any other language's would be. */
type Foreign = Client &
  Record<string, (request: unknown, callback: (error: ServiceError | null, answer: never) => void) => void>;

function foreign(proto: string, name: string, port: number): Foreign {
  const found = name
    .split('.')
    .reduce<unknown>((level, part) => (level as Record<string, unknown>)[part], loadPackageDefinition(loadSync(proto)));
  return new (found as new (address: string, security: unknown) => Foreign)(
    `127.0.0.1:${port}`,
    credentials.createInsecure(),
  );
}

describe('a gRPC server, asked by a foreign client', () => {
  let server: EchoServer;
  let client: Client;
  const clients: Client[] = [];

  beforeAll(async () => {
    server = await startEchoServer('one');
    client = new Client(`127.0.0.1:${server.instance.port}`, credentials.createInsecure());
    clients.push(client);
  });
  afterAll(async () => {
    for (const one of clients) one.close();
    await server.close();
  });

  const raw = (path: string, request: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + 5_000 };
      client.makeUnaryRequest(path, bytes, bytes, request, new Metadata(), options, (error, answer) =>
        error ? reject(error) : resolve(answer as Buffer),
      );
    });

  it('says that it and its service are well', async () => {
    const health = foreign(healthProto, 'grpc.health.v1.Health', server.instance.port);
    clients.push(health);
    const check = (service: string) =>
      new Promise((resolve, reject) =>
        health.check?.({ service }, (error, answer) => (error ? reject(error) : resolve(answer))),
      );
    expect(await check('')).toMatchObject({ status: SERVING });
    expect(await check('rookery.testing.v1.EchoService')).toMatchObject({ status: SERVING });
    await expect(check('nothing')).rejects.toMatchObject({ code: 5 });
  });

  it('names its services by reflection', async () => {
    const entry = createRequire(import.meta.url).resolve('@grpc/reflection');
    const proto = join(dirname(entry), '../proto/grpc/reflection/v1/reflection.proto');
    const reflection = foreign(proto, 'grpc.reflection.v1.ServerReflection', server.instance.port);
    clients.push(reflection);
    const stream = (
      reflection as unknown as { serverReflectionInfo(): NodeJS.ReadWriteStream & AsyncIterable<Answer> }
    ).serverReflectionInfo();
    interface Answer {
      listServicesResponse: { service: { name: string }[] };
    }
    stream.write({ listServices: '*' } as never);
    for await (const answer of stream) {
      const names = answer.listServicesResponse.service.map(({ name }) => name);
      expect(names).toContain('rookery.testing.v1.EchoService');
      break;
    }
    stream.end();
  });

  it('answers bytes that are no message with INVALID_ARGUMENT, and goes on', async () => {
    await expect(raw(SAY, Buffer.from([0x0f, 0xff]))).rejects.toMatchObject({ code: 3 });
    await expect(raw(SAY, Buffer.from([0x0a, 1, 0x78]))).resolves.toBeInstanceOf(Buffer);
  });

  it('refuses a message that is too large with RESOURCE_EXHAUSTED', async () => {
    const text = Buffer.alloc(65 * 1024, 'x');
    await expect(raw(SAY, Buffer.concat([Buffer.from([0x0a, 0x80, 0x88, 0x04]), text]))).rejects.toMatchObject({
      code: 8,
    });
  });

  it('answers a call that it does not have with UNIMPLEMENTED', async () => {
    await expect(raw('/rookery.testing.v1.EchoService/Nothing', Buffer.alloc(0))).rejects.toMatchObject({ code: 12 });
  });

  it('lets running calls end when it closes', async () => {
    const closing = await startEchoServer('closing');
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { promise: began, resolve: begin } = Promise.withResolvers<void>();
    closing.handle = () => {
      begin();
      return gate;
    };
    const own = new Client(`127.0.0.1:${closing.instance.port}`, credentials.createInsecure());
    const answer = new Promise((resolve, reject) => {
      own.makeUnaryRequest(SAY, bytes, bytes, Buffer.from([0x0a, 1, 0x78]), (error, reply) =>
        error ? reject(error) : resolve(reply),
      );
    });
    await began;
    const closed = closing.close();
    open();
    await expect(answer).resolves.toBeInstanceOf(Buffer);
    own.close();
    await closed;
  });

  it('does not wait for those who watch its health when it closes, and tells them', async () => {
    const closing = await startEchoServer('watched');
    const health = foreign(healthProto, 'grpc.health.v1.Health', closing.instance.port) as unknown as Client & {
      watch(request: { service: string }): NodeJS.ReadableStream;
    };
    clients.push(health);
    const seen: unknown[] = [];
    const watch = health.watch({ service: '' });
    watch.on('error', () => {});
    const first = new Promise<void>((resolve) => {
      watch.on('data', ({ status }) => {
        seen.push(status);
        resolve();
      });
    });
    await first;
    const startedAtMs = performance.now();
    await closing.close();
    expect(performance.now() - startedAtMs).toBeLessThan(1_500);
    expect(seen).toEqual([SERVING, NOT_SERVING]);
  });
});
