import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { RookeryError, toProblem } from '@rookery/observability';
import { toProto3JSON } from 'proto3-json-serializer';
import type protobuf from 'protobufjs';
import { z } from 'zod';
import { errors } from '../../errors.ts';
import type { Call, Filter, FilterKind, FilterParts, Verdict } from '../../filters/filter.ts';
import { strictObject } from '../../strict-object.ts';
import { messagesOf } from './grpc-frames.ts';
import { errorOf } from './grpc-status-error.ts';
import { type HttpBinding, HttpBindings, type HttpMatch } from './http-bindings.ts';
import { callInstance } from './instance-call.ts';
import { loadProtoFiles } from './proto-files.ts';
import { ReflectedBindings } from './reflection/reflected-bindings.ts';
import { requestBytes } from './request-message.ts';

const SettingsSchema = strictObject({
  name: z.literal('transcode'),
  /** The .proto files of the services. */
  proto: z.array(z.string().min(1)).min(1).max(100).optional(),
  /** The instances are asked, by server reflection, in place of files. */
  reflection: strictObject({ refreshMs: z.int().min(100).max(86_400_000).default(60_000) }).optional(),
  /** Folders that their imports are looked for in; google/api and google/protobuf are always there. */
  includes: z.array(z.string().min(1)).max(20).default([]),
  /** `package.Service`; all of the files when not given. */
  services: z.array(z.string().min(1)).max(1_000).optional(),
  /** Methods without an annotation answer to POST /package.Service/Method. */
  autoMapping: z.boolean().default(false),
  maxMessageBytes: z
    .int()
    .min(1)
    .max(2 ** 30)
    .default(4 * 1024 * 1024),
}).refine(({ proto, reflection }) => (proto === undefined) !== (reflection === undefined), {
  path: ['proto'],
  error: 'expected either proto or reflection',
});

type Settings = z.infer<typeof SettingsSchema>;

const EVENTS = 'text/event-stream';
const LINES = 'application/x-ndjson';

/** HTTP and JSON in front of gRPC services, by the google.api.http annotations of their methods. */
export const transcode: FilterKind<Settings> = {
  name: 'transcode',
  schema: SettingsSchema as unknown as z.ZodType<Settings>,
  order: 495,
  readsFiles: true,
  create: (settings, parts) => new Transcoder(settings, parts),
};

class Transcoder implements Filter {
  readonly name = 'transcode';
  readonly #files: HttpBindings | undefined;
  readonly #reflected: ReflectedBindings | undefined;
  readonly #settings: Settings;
  readonly #parts: FilterParts;

  constructor(settings: Settings, parts: FilterParts) {
    this.#settings = settings;
    this.#parts = parts;
    const { proto, reflection, includes, services, autoMapping } = settings;
    this.#files = proto && new HttpBindings(loadProtoFiles(proto, includes), settings);
    if (!reflection) return;
    const options = { services, autoMapping, refreshMs: reflection.refreshMs };
    this.#reflected = parts.shared.of(
      `transcode by reflection ${JSON.stringify(options)}`,
      () => new ReflectedBindings(options, parts.logger),
    );
  }

  onRequest(call: Call): Verdict | Promise<Verdict> {
    if (this.#files) return this.#serve(call, this.#files);
    const target = this.#parts.targets.open(call.service);
    if (!target) return errors.serviceUnknown(call.service);
    const bindings = this.#reflected?.of(target);
    if (bindings instanceof Promise) return bindings.then((known) => this.#serve(call, known));
    return bindings ? this.#serve(call, bindings) : errors.routeUnknown();
  }

  state(): Record<string, unknown> {
    return this.#reflected ? { methods: this.#reflected.state() } : { methods: this.#files?.count };
  }

  #serve(call: Call, bindings: HttpBindings): Verdict | Promise<Verdict> {
    const [path = '', query = ''] = call.target.split('?', 2);
    const match = bindings.find(call.method, path);
    if (match) return this.#call(call, match, new URLSearchParams(query));
    const verbs = bindings.verbsOf(path);
    return verbs.length > 0 ? errors.methodNotAllowed(call.method, verbs) : errors.routeUnknown();
  }

  async #call(call: Call, match: HttpMatch, query: URLSearchParams): Promise<Verdict> {
    const { binding } = match;
    const body = await this.#bodyOf(call, binding);
    const message = requestBytes(match, query, body);
    const target = this.#parts.targets.open(call.service);
    if (!target) return errors.serviceUnknown(call.service);
    const answer = await callInstance(target, call, binding.rpcPath, message);
    const failed = errorOf({ 'grpc-status': '0', ...answer.headers }, call.service);
    if (failed || answer.statusCode !== 200) {
      answer.body.destroy();
      return failed ?? errors.upstreamFailed(call.service);
    }
    const messages = messagesOf(answer.body, this.#settings.maxMessageBytes);
    const status = () => errorOf({ ...answer.headers, ...answer.trailers }, call.service);
    return binding.streams ? answerStream(call, binding, messages, status) : answerOne(call, binding, messages, status);
  }

  async #bodyOf(call: Call, { body }: HttpBinding): Promise<unknown> {
    if (!call.hasBody || body === undefined) return undefined;
    const type = call.header('content-type');
    if (type !== undefined && !/^application\/(?:[\w.-]+\+)?json(?:;|$)/i.test(type)) throw errors.notJson(type);
    const { bodyLimitBytes } = call.route;
    const limitBytes = Math.min(bodyLimitBytes, this.#settings.maxMessageBytes);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of call.request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limitBytes) throw errors.bodyTooLarge(limitBytes);
      chunks.push(chunk);
    }
    try {
      return JSON.parse(Buffer.concat(chunks).toString());
    } catch {
      throw errors.jsonMalformed();
    }
  }
}

type Status = () => RookeryError | undefined;

async function answerOne(
  call: Call,
  binding: HttpBinding,
  messages: AsyncIterable<Buffer>,
  status: Status,
): Promise<Verdict> {
  let first: Buffer | undefined;
  for await (const message of messages) first ??= message;
  const failed = status();
  if (failed) return failed;
  call.answer(200, ['content-type', 'application/json'], jsonOf(binding, first ?? Buffer.alloc(0)));
  return 'answered';
}

/** Each message as a line, or as an event where the client asks for events. A failure at the start is an ordinary one. */
async function answerStream(
  call: Call,
  binding: HttpBinding,
  messages: AsyncGenerator<Buffer>,
  status: Status,
): Promise<Verdict> {
  const first = await messages.next();
  const failed = first.done ? status() : undefined;
  if (failed) return failed;
  const asEvents = call.header('accept')?.includes(EVENTS) === true;
  const { response } = call;
  response.writeHead(200, [
    ...['content-type', asEvents ? EVENTS : LINES],
    ...['cache-control', 'no-store', 'x-request-id', call.requestId],
  ]);
  void sendStream(call, asEvents, first, messages, binding, status);
  return 'answered';
}

async function sendStream(
  call: Call,
  asEvents: boolean,
  first: IteratorResult<Buffer>,
  messages: AsyncGenerator<Buffer>,
  binding: HttpBinding,
  status: Status,
): Promise<void> {
  const { response } = call;
  const send = (name: string | undefined, json: string) => {
    if (!asEvents) return written(response, call.signal, name ? `{"${name}":${json}}\n` : `${json}\n`);
    return written(response, call.signal, `${name ? `event: ${name}\n` : ''}data: ${json}\n\n`);
  };
  let failed: RookeryError | undefined;
  try {
    for (let next = first; !next.done; next = await messages.next()) await send(undefined, jsonOf(binding, next.value));
    failed = status();
  } catch (error) {
    if (call.signal.aborted || response.destroyed) return;
    failed = error instanceof RookeryError ? error : errors.upstreamFailed(call.service);
  }
  if (failed) await send('error', JSON.stringify(toProblem(failed, call.traceId))).catch(() => {});
  response.end();
}

/** Settles when the client has room for more. */
async function written(response: ServerResponse, signal: AbortSignal, text: string): Promise<void> {
  if (!response.write(text)) await once(response, 'drain', { signal });
}

function jsonOf({ response, responseBody }: HttpBinding, bytes: Buffer): string {
  const json = toProto3JSON(response.decode(bytes) as protobuf.Message) as Record<string, unknown> | null;
  if (!responseBody) return JSON.stringify(json);
  const field = response.fields[responseBody] ?? response.fieldsArray.find(({ name }) => name === responseBody);
  return JSON.stringify((field && json?.[field.name]) ?? null);
}
