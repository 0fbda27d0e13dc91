import { Server, ServerCredentials, type ServerDuplexStream, type sendUnaryData } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { afterEach, expect, it } from 'vitest';
import type { ConnectionErrors } from '../connection-errors.ts';
import { parseServerUrl } from '../server-url.ts';
import { NacosConnection } from './nacos-connection.ts';
import { nacosProtocol, type Payload, toPayload } from './nacos-protocol.ts';

const said = (...words: string[]) => new Error(words.join(' '));
const errors: ConnectionErrors = {
  badUrl: said,
  missingClient: said,
  unreachable: (server, reason) => said(server, reason),
  refused: (server, what, reason) => said(server, what, reason),
  closed: said,
};
const stop: Array<() => void> = [];
afterEach(() => {
  for (const it of stop.splice(0)) it();
});

/** A gRPC server that answers as Nacos does, and hands each new stream to the test. */
async function startServer(onStream: (stream: ServerDuplexStream<Payload, Payload>) => void): Promise<number> {
  const definition = fromJSON(nacosProtocol, { keepCase: true, defaults: true }) as never as Record<string, never>;
  const server = new Server();
  const ok = { resultCode: 200, supportAbilityNegotiation: true };
  server.addService(definition.Request as never, {
    request: (_call: unknown, answer: sendUnaryData<Payload>) =>
      answer(null, toPayload({ type: 'Response', body: ok })),
  });
  server.addService(definition.BiRequestStream as never, {
    requestBiStream: (stream: ServerDuplexStream<Payload, Payload>) => {
      stream.on('error', () => {});
      stream.write(toPayload({ type: 'SetupAckRequest', body: { requestId: '1' } }));
      onStream(stream);
    },
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
    error ? reject(error) : resolve(port),
  );
  stop.push(() => server.forceShutdown());
  return promise;
}

it('a message of the server that is no JSON ends its connection alone: the next one goes on', async () => {
  const streams: ServerDuplexStream<Payload, Payload>[] = [];
  const port = await startServer((stream) => streams.push(stream));
  const form = { example: '', port: 8848, secureSchemes: [], parameters: [] };
  const url = parseServerUrl(`nacos://127.0.0.1:${port - 1_000}`, form, errors);
  const options = { module: 'naming', namespace: 'public', waitMs: 15_000, log: undefined } as const;
  const connection = await NacosConnection.to(url, options);
  stop.push(() => connection.close());
  let connected = 0;
  const pushed: string[] = [];
  connection.keep({ connected: () => connected++, pushed: ({ type }) => pushed.push(type) });
  await expect.poll(() => connected, { timeout: 10_000 }).toBe(1);
  streams[0]?.write({ metadata: { type: 'NotifySubscriberRequest', headers: {} }, body: { value: Buffer.from('{') } });
  await expect.poll(() => connected, { timeout: 10_000 }).toBe(2);
  streams[1]?.write(toPayload({ type: 'NotifySubscriberRequest', body: {} }));
  await expect.poll(() => pushed, { timeout: 10_000 }).toEqual(['NotifySubscriberRequest']);
});
