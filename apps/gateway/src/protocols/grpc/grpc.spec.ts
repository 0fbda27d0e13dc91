import { once } from 'node:events';
import {
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Authority, CertificateFolder } from '../../testing/certificates.ts';
import { Library, LibraryServer } from '../../testing/library-server.ts';
import { type Rig, startRig, until } from '../../testing/rig.ts';

type Message = Record<string, unknown>;
interface LibraryClient extends Client {
  getBook(
    request: Message,
    metadata: Metadata,
    options: object,
    done: (error: ServiceError | null, book?: Message) => void,
  ): {
    on(event: 'status', listener: (status: { metadata: Metadata }) => void): unknown;
    cancel(): void;
  };
  listBooks(request: Message): ClientReadableStream<Message>;
  addBooks(done: (error: ServiceError | null, answer?: Message) => void): ClientDuplexStream<Message, Message>;
  talk(): ClientDuplexStream<Message, Message>;
}

let rig: Rig;
let server: LibraryServer;
let folder: CertificateFolder;
let clients: { plain: LibraryClient; secure: LibraryClient };

beforeAll(async () => {
  const authority = await Authority.create();
  folder = new CertificateFolder();
  folder.write(await authority.issue('CN=localhost'), authority);
  rig = await startRig({
    tls: { port: 0, certFile: folder.certFile, keyFile: folder.keyFile },
    routes: [
      { id: 'library', grpc: 'test.library.v1.Library', service: 'library' },
      {
        id: 'limited',
        grpc: 'test.Limited',
        service: 'library',
        filters: [{ name: 'rate-limit', key: 'ip', perSecond: 0.001, burst: 1 }],
      },
      { id: 'services', path: '/api/{service}/**', service: '{service}' },
    ],
  });
  const tls = credentials.createSsl(Buffer.from(authority.cert));
  const make = (target: string, how = credentials.createInsecure()) =>
    new Library(target, how) as unknown as LibraryClient;
  clients = { plain: make(`127.0.0.1:${rig.port}`), secure: make(`localhost:${rig.gateway.tlsPort}`, tls) };
});
beforeEach(async () => {
  server = await LibraryServer.start();
  rig.registry.setGrpc('library', server.port);
});
afterEach(async () => {
  await until('nothing is in flight', () => rig.gateway.inFlight === 0);
  server.kill();
});
afterAll(async () => {
  clients.plain.close();
  clients.secure.close();
  await rig.close();
  folder.remove();
});

function getBook(client: LibraryClient, request: Message, { metadata = new Metadata(), deadlineMs = 0 } = {}) {
  return new Promise<{ error: ServiceError | null; book: Message | undefined; trailers: Metadata }>((resolve) => {
    let result: { error: ServiceError | null; book: Message | undefined } | undefined;
    const options = deadlineMs > 0 ? { deadline: Date.now() + deadlineMs } : {};
    const call = client.getBook(request, metadata, options, (error, book) => {
      result = { error, book };
    });
    call.on('status', ({ metadata: trailers }) =>
      setImmediate(() => resolve({ error: null, book: undefined, ...result, trailers })),
    );
  });
}

describe.each(['plain', 'secure'] as const)('a gRPC call (%s)', (kind) => {
  it('is answered, with metadata in and trailers out', async () => {
    const metadata = new Metadata();
    metadata.set('x-lane', 'blue');
    metadata.set('x-forwarded-for', '6.6.6.6');
    const { error, book, trailers } = await getBook(clients[kind], { bookId: '7' }, { metadata, deadlineMs: 5_000 });
    expect(error).toBeNull();
    expect(book).toMatchObject({ name: 'books/7', copies: '9007199254740993' });
    expect(trailers.get('shelf-life')).toEqual(['7']);
    const [{ metadata: seen, deadline } = { metadata: new Metadata(), deadline: 0 }] = server.seen;
    expect(seen.getMap()).toMatchObject({
      'x-lane': 'blue',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': kind === 'plain' ? 'http' : 'https',
    });
    expect(deadline - Date.now()).toBeLessThanOrEqual(5_000);
    expect(deadline - Date.now()).toBeGreaterThan(2_000);
  });

  it('that fails, fails as the service says', async () => {
    const { error } = await getBook(clients[kind], { bookId: 'missing' });
    expect(error).toMatchObject({ code: status.NOT_FOUND, details: 'Kein Buch – 没有' });
    expect(error?.metadata.get('why')).toEqual(['burnt']);
  });

  it('streams from the server, from the client, and both ways', async () => {
    const client = clients[kind];
    let count = 0;
    for await (const _ of client.listBooks({ count: 500 })) count++;
    expect(count).toBe(500);

    const added = Promise.withResolvers<Message | undefined>();
    const adding = client.addBooks((error, answer) => (error ? added.reject(error) : added.resolve(answer)));
    for (let sent = 0; sent < 300; sent++) adding.write({ title: 'x'.repeat(1_000) });
    adding.end();
    expect(await added.promise).toEqual({ count: 300 });

    const talk = client.talk();
    for (const text of ['a', 'b', 'c']) {
      talk.write({ text });
      expect((await once(talk, 'data'))[0]).toEqual({ text: `${text}!` });
    }
    talk.end();
    await once(talk, 'end');
  });

  it('that fails in the middle of a stream has the status of the service', async () => {
    const books: Message[] = [];
    const stream = clients[kind].listBooks({ count: 5, failAfter: 3 });
    stream.on('data', (book) => books.push(book));
    const [error] = (await once(stream, 'error')) as [ServiceError];
    expect(error).toMatchObject({ code: status.DATA_LOSS, details: 'the rest is lost' });
    expect(books).toHaveLength(3);
  });
});

describe('a gRPC call that the gateway ends', () => {
  it('is DEADLINE_EXCEEDED at its deadline, and cancelled at the service', async () => {
    const { error } = await getBook(clients.plain, { bookId: 'never' }, { deadlineMs: 200 });
    expect(error?.code).toBe(status.DEADLINE_EXCEEDED);
    await until('the service knows', () => server.cancelled === 1);
  });

  it('is cancelled at the service when the client cancels', async () => {
    const stream = clients.plain.listBooks({ count: 0 });
    stream.on('error', () => {});
    await until('it runs', () => server.seen.length === 1);
    stream.cancel();
    await until('the service knows', () => server.cancelled === 1);
  });

  it('is UNAVAILABLE where no instance can be reached, or is left', async () => {
    server.kill();
    expect((await getBook(clients.plain, { bookId: '1' })).error?.code).toBe(status.UNAVAILABLE);
    rig.registry.setGrpc('library');
    const { error } = await getBook(clients.plain, { bookId: '1' });
    expect(error).toMatchObject({ code: status.UNAVAILABLE, details: expect.stringMatching(/^NO_INSTANCE: /) });
  });

  it('goes to another instance when the first refuses the connection', async () => {
    const dead = await LibraryServer.start();
    dead.kill();
    rig.registry.setGrpc('library', dead.port, server.port);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, at) => getBook(clients.plain, { bookId: `${at}` })),
    );
    expect(answers.map(({ error }) => error)).toEqual(Array(8).fill(null));
  });

  it('is UNAVAILABLE when the instance is killed in the middle of a stream', async () => {
    const talk = clients.plain.talk();
    talk.write({ text: 'a' });
    await once(talk, 'data');
    server.kill();
    const [error] = (await once(talk, 'error')) as [ServiceError];
    expect(error.code).toBe(status.UNAVAILABLE);
  });

  it('is UNIMPLEMENTED where no route leads, or the service has no gRPC port', async () => {
    const call = (path: string) =>
      new Promise<ServiceError | null>((resolve) => {
        clients.plain.makeUnaryRequest(
          path,
          (value: Buffer) => value,
          (value: Buffer) => value,
          Buffer.alloc(0),
          (error) => resolve(error),
        );
      });
    const unknown = await call('/test.Unknown/Call');
    expect(unknown).toMatchObject({ code: status.UNIMPLEMENTED, details: expect.stringMatching(/^ROUTE_UNKNOWN: /) });
    expect(unknown?.metadata.get('x-refused-by')).toEqual(['routes']);
    expect((await call('/api/library/a'))?.code).toBe(status.UNIMPLEMENTED);
    rig.registry.set('library', server.port);
    expect((await call('/test.library.v1.Library/GetBook'))?.code).toBe(status.UNIMPLEMENTED);
    rig.registry.setGrpc('library', server.port);
    expect((await call('/test.Limited/Call'))?.details).toMatch(/Limited/);
    const limited = await call('/test.Limited/Call');
    expect(limited).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(limited?.metadata.get('x-refused-by')).toEqual(['rate-limit']);
  });

  it('is no plain request: the path of a gRPC service answers 415 to one', async () => {
    const response = await fetch(`${rig.url}/test.library.v1.Library/GetBook`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ code: 'NOT_GRPC' });
  });
});

it('a client that does not read holds the service back', async () => {
  const stream = clients.plain.listBooks({ count: 1_000_000 });
  stream.on('error', () => {});
  stream.once('data', () => stream.pause());
  let before = -1;
  await until('the service writes no more', async () => {
    const still = before === server.written;
    before = server.written;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return still && before === server.written;
  });
  expect(server.written).toBeLessThan(200_000);
  stream.cancel();
});
