import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  loadPackageDefinition,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { AnnotatedReflection } from './annotated-reflection.ts';

export const LIBRARY_PROTO = fileURLToPath(new URL('library.proto', import.meta.url));
const INCLUDE = dirname(fileURLToPath(import.meta.resolve('protobufjs/package.json')));
const definition = loadSync(LIBRARY_PROTO, { longs: String, enums: String, defaults: false, includeDirs: [INCLUDE] });

interface LibraryPackage {
  test: { library: { v1: { Library: ServiceClientConstructor } } };
}

/** A client of the library, as generated code would be. */
export const { Library } = (loadPackageDefinition(definition) as unknown as LibraryPackage).test.library.v1;

type Message = Record<string, unknown>;

/** `plain`: as the package @grpc/reflection serves it, v1 and v1alpha, without annotations; else with them, in one version. */
export type ReflectionManner = 'plain' | 'v1' | 'v1alpha' | 'none';

const DESCRIPTORS = Object.values(definition).flatMap((each) =>
  'fileDescriptorProtos' in each ? (each.fileDescriptorProtos as Buffer[]) : [],
);

/** A real gRPC server with a call of every kind. */
export class LibraryServer {
  readonly #server = new Server({ 'grpc.max_receive_message_length': 16 * 1024 * 1024 });
  /** Requests and metadata in the order in which they came. */
  readonly seen: { call: string; request: Message; metadata: Metadata; deadline: number }[] = [];
  cancelled = 0;
  /** Words of {@link talk} that were written and not yet handed to the connection. */
  written = 0;
  port = 0;

  /** Questions to its reflection, where that has annotations. */
  get reflected(): number {
    return this.#reflection?.asked ?? 0;
  }

  static async start(
    port = 0,
    reflection: ReflectionManner = 'plain',
    credentials = ServerCredentials.createInsecure(),
  ) {
    const library = new LibraryServer(reflection);
    library.port = await new Promise<number>((resolve, reject) => {
      library.#server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    return library;
  }

  readonly #reflection: AnnotatedReflection | undefined;

  private constructor(reflection: ReflectionManner) {
    const unary =
      (call: string): handleUnaryCall<Message, Message> =>
      (given, answer) => {
        const { request, metadata } = given;
        this.seen.push({ call, request, metadata, deadline: Number(given.getDeadline()) });
        given.on('cancelled', () => {
          this.cancelled++;
        });
        const id = String(request.bookId ?? '');
        if (id === 'never') return;
        if (id === 'missing') {
          const trailers = new Metadata();
          trailers.set('why', 'burnt');
          answer({ code: status.NOT_FOUND, details: 'Kein Buch – 没有', metadata: trailers });
          return;
        }
        const trailers = new Metadata();
        trailers.set('shelf-life', '7');
        if (call === 'plain') answer(null, { text: request.text }, trailers);
        else if (call === 'archive') answer(null, {}, trailers);
        else if (call === 'title') answer(null, { title: `title of ${id}` }, trailers);
        else if (call === 'get') answer(null, book(id), trailers);
        else answer(null, request.book as Message, trailers);
      };
    const list: handleServerStreamingCall<Message, Message> = (call) => {
      this.seen.push({
        call: 'list',
        request: call.request,
        metadata: call.metadata,
        deadline: Number(call.getDeadline()),
      });
      call.on('cancelled', () => {
        this.cancelled++;
      });
      const { count = 0, failAfter = 0 } = call.request as { count?: number; failAfter?: number };
      let sent = 0;
      const more = () => {
        while (sent < count && !call.cancelled) {
          if (failAfter > 0 && sent === failAfter) {
            call.emit('error', { code: status.DATA_LOSS, details: 'the rest is lost' });
            return;
          }
          sent++;
          this.written = sent;
          if (!call.write(book(`${sent}`))) {
            call.once('drain', more);
            return;
          }
        }
        if (count > 0) call.end();
      };
      more();
    };
    const add: handleClientStreamingCall<Message, Message> = (call, answer) => {
      let count = 0;
      call.on('data', () => {
        count++;
      });
      call.on('end', () => answer(null, { count }));
    };
    const talk: handleBidiStreamingCall<Message, Message> = (call) => {
      call.on('data', ({ text }: Message) => call.write({ text: `${text}!` }));
      call.on('end', () => call.end());
      call.on('cancelled', () => {
        this.cancelled++;
      });
    };
    this.#server.addService(Library.service, {
      getBook: unary('get'),
      createBook: unary('create'),
      updateBook: unary('update'),
      archiveBook: unary('archive'),
      getTitle: unary('title'),
      plain: unary('plain'),
      listBooks: list,
      addBooks: add,
      talk,
    });
    if (reflection === 'plain') {
      new ReflectionService(definition).addToServer(this.#server);
    } else if (reflection !== 'none') {
      this.#reflection = new AnnotatedReflection(DESCRIPTORS, LIBRARY_PROTO);
      this.#reflection.addTo(this.#server, reflection);
    }
  }

  /** Ends at once, cutting off what runs. */
  kill(): void {
    this.#server.forceShutdown();
  }
}

const book = (id: string): Message => ({
  name: `books/${id}`,
  title: 'A book',
  copies: '9007199254740993',
  kind: 'ATLAS',
  published: { seconds: 1_700_000_000, nanos: 500_000_000 },
  subtitle: { value: 'of maps' },
  cover: Buffer.from([0, 255, 16]),
  tags: ['a', 'b'],
  ratings: { good: 5 },
  pageCount: 0,
  person: 'ada',
});
