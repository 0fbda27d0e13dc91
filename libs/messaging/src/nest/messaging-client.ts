import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { remainingMs } from '@rookery/observability';
import { createMessage } from '../envelope.ts';
import { errors } from '../errors.ts';
import type { Delivery, Messaging, Subscription } from '../messaging.ts';
import { CORRELATION, DEADLINE, errorOf, REPLY_TO, type Reply } from './request-reply.ts';

/** Wait for a reply where the request has no deadline of its own. */
const REPLY_TIMEOUT_MS = 10_000;
const MAX_PENDING = 10_000;

interface Pending {
  topic: string;
  timer: NodeJS.Timeout;
  callback: (packet: WritePacket) => void;
}

/** Nest's client over the messaging port: `emit` publishes an event, `send` asks and waits for one reply. */
@Injectable()
export class MessagingClient extends ClientProxy {
  readonly #messaging: Messaging;
  readonly #replyTopic = `reply.${randomUUID()}`;
  readonly #pending = new Map<string, Pending>();
  #replies: Promise<Subscription> | undefined;

  constructor(messaging: Messaging) {
    super();
    this.#messaging = messaging;
  }

  /** The engine is connected by the module; a queue for replies comes with the first request. */
  async connect(): Promise<void> {}

  async close(): Promise<void> {
    for (const [id, { topic }] of this.#pending) this.#settle(id, { err: errors.noReply(topic, 0), isDisposed: true });
    const replies = this.#replies;
    this.#replies = undefined;
    await (await replies)?.close();
  }

  unwrap<T>(): T {
    return this.#messaging as T;
  }

  protected publish({ pattern, data }: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const id = randomUUID();
    const topic = this.normalizePattern(pattern);
    const timeoutMs = remainingMs(REPLY_TIMEOUT_MS);
    if (this.#pending.size >= MAX_PENDING) {
      callback({ err: errors.invalid(`More than ${MAX_PENDING} requests wait for a reply.`), isDisposed: true });
      return () => {};
    }
    const timer = setTimeout(
      () => this.#settle(id, { err: errors.noReply(topic, timeoutMs), isDisposed: true }),
      timeoutMs,
    );
    this.#pending.set(id, { topic, timer, callback });
    const headers = {
      [REPLY_TO]: this.#replyTopic,
      [CORRELATION]: id,
      [DEADLINE]: String(Date.now() + timeoutMs),
    };
    this.#ask(createMessage({ topic, payload: data as unknown, headers })).catch((err: unknown) =>
      this.#settle(id, { err, isDisposed: true }),
    );
    return () => this.#forget(id);
  }

  protected async dispatchEvent<T>({ pattern, data }: ReadPacket): Promise<T> {
    await this.#messaging.publish([createMessage({ topic: this.normalizePattern(pattern), payload: data as unknown })]);
    return undefined as T;
  }

  async #ask(message: Parameters<Messaging['publish']>[0][number]): Promise<void> {
    const options = { group: this.#replyTopic, topics: [this.#replyTopic], concurrency: 100, ephemeral: true };
    this.#replies ??= this.#messaging.subscribe(options, async (delivery) => this.#receive(delivery));
    try {
      await this.#replies;
    } catch (error) {
      this.#replies = undefined;
      throw error;
    }
    await this.#messaging.publish([message]);
  }

  #receive({ headers, payload }: Delivery): void {
    const { value, error } = payload as Reply;
    const id = headers[CORRELATION] ?? '';
    this.#settle(id, error ? { err: errorOf(error), isDisposed: true } : { response: value, isDisposed: true });
  }

  #settle(id: string, packet: WritePacket): void {
    const pending = this.#pending.get(id);
    this.#forget(id);
    pending?.callback(packet);
  }

  #forget(id: string): void {
    clearTimeout(this.#pending.get(id)?.timer);
    this.#pending.delete(id);
  }
}
