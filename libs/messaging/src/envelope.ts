import { randomUUID } from 'node:crypto';
import { currentRequest, inject, TIMEOUT_HEADER } from '@rookery/observability';
import { errors } from './errors.ts';
import type { Message } from './messaging.ts';

/** Bytes of a payload's JSON at most. */
export const MAX_PAYLOAD_BYTES = 1_048_576;
const MAX_HEADERS_BYTES = 16_384;
const NAME = /^[A-Za-z0-9][\w.-]{0,149}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export interface NewMessage<T = unknown> {
  topic: string;
  payload: T;
  /** UUID; a new one when not given. */
  id?: string;
  /** Added to the propagated context. */
  headers?: Record<string, string>;
}

/**
 * A message of now that carries the current request's trace, lane and principal. Its deadline stays behind: nobody waits
 * for an event; and so does its token: a message is stored.
 */
export function createMessage<T>({ topic, payload, id = randomUUID(), headers = {} }: NewMessage<T>): Message<T> {
  const propagated = inject({}) as Record<string, string>;
  delete propagated[TIMEOUT_HEADER];
  const { principal } = currentRequest();
  return {
    id,
    topic,
    payload,
    headers: { ...propagated, ...headers },
    ...(principal && { principal }),
    occurredAtMs: Date.now(),
  };
}

/** The payload as it travels; refuses what the engines could not carry, before anything is sent. */
export function encode({ id, topic, payload, headers }: Message): string {
  assertName('topic', topic);
  if (!UUID.test(id)) throw errors.invalid(`The id of a message on ${topic} is no UUID.`);
  const json = JSON.stringify(payload);
  if (json === undefined) throw errors.invalid(`The payload of a message on ${topic} has no JSON form.`);
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_PAYLOAD_BYTES) throw errors.tooLarge(topic, bytes, MAX_PAYLOAD_BYTES);
  if (Buffer.byteLength(JSON.stringify(headers)) > MAX_HEADERS_BYTES) {
    throw errors.invalid(`The headers of a message on ${topic} have more than ${MAX_HEADERS_BYTES} bytes.`);
  }
  return json;
}

/** Groups and topics: letters, digits, `.`, `-` and `_`, at most 150. */
export function assertName(what: 'group' | 'topic', name: string): void {
  if (!NAME.test(name)) {
    throw errors.invalid(
      `The ${what} ${JSON.stringify(name)} is no name: letters, digits, ".", "-", "_", at most 150.`,
    );
  }
}
