import { randomUUID } from 'node:crypto';
import type { AsyncMessage, Envelope, SyncMessage } from 'rabbitmq-client';
import { principalOf } from '../../delivery/principal.ts';
import type { DeadLetter, Message } from '../../messaging.ts';

/** Our facts beside the message's own headers. */
const OCCURRED = 'x-occurred-at-ms';
const ATTEMPT = 'x-attempt';
const REASON = 'x-reason';
const DIED = 'x-died-at-ms';
/** How often a consumer ended, or its connection, while it had the message. */
const CRASHES = 'x-crashes';
/** Written from the envelope only: a header of a message by this name is never sent. */
const PRINCIPAL = 'x-rookery-principal';
const OWN =
  /^x-(rookery-principal|occurred-at-ms|attempt|crashes|reason|died-at-ms|delivery-count|death|first-death-|last-death-|acquired-count)/i;

/** Properties of a message on the wire: JSON body, `type` is the topic, `messageId` the id. */
export function envelopeOf(message: Message, extra: Record<string, string | number> = {}): Envelope {
  return {
    messageId: message.id,
    type: message.topic,
    timestamp: Math.floor(message.occurredAtMs / 1_000),
    contentType: 'application/json',
    durable: true,
    headers: {
      ...Object.fromEntries(Object.entries(message.headers).filter(([name]) => !OWN.test(name))),
      ...(message.principal && { [PRINCIPAL]: JSON.stringify(message.principal) }),
      [OCCURRED]: message.occurredAtMs,
      ...extra,
    },
  };
}

export const attemptHeader = (attempt: number) => ({ [ATTEMPT]: attempt });

export const crashHeaders = (attempt: number, crashes: number) => ({ [ATTEMPT]: attempt, [CRASHES]: crashes });

export const deathHeaders = (attempt: number, reason: string) => ({
  [ATTEMPT]: attempt,
  [REASON]: reason,
  [DIED]: Date.now(),
});

/** The message of a delivery, also of one that another client published with less. */
export function messageOf(raw: AsyncMessage | SyncMessage): Message {
  const headers = raw.headers ?? {};
  const principal = principalOf(headers[PRINCIPAL]);
  return {
    id: raw.messageId ?? randomUUID(),
    topic: raw.type ?? raw.routingKey,
    payload: raw.body as unknown,
    headers: Object.fromEntries(
      Object.entries(headers).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string' && !OWN.test(entry[0]),
      ),
    ),
    ...(principal && { principal }),
    occurredAtMs: numberOf(headers[OCCURRED]) ?? (raw.timestamp ?? 0) * 1_000,
  };
}

/** JSON that does not parse arrives as bytes. */
export const isMalformed = (raw: AsyncMessage): boolean => Buffer.isBuffer(raw.body);

/** Which try this is, and how many of those before a crash cut off. */
export const attemptOf = (raw: AsyncMessage): { attempt: number; crashes: number } => ({
  attempt: numberOf(raw.headers?.[ATTEMPT]) ?? 1,
  crashes: numberOf(raw.headers?.[CRASHES]) ?? 0,
});

export function deadLetterOf(raw: SyncMessage, group: string): DeadLetter {
  const headers = raw.headers ?? {};
  const reason = headers[REASON] ?? headers['x-first-death-reason'];
  return {
    ...messageOf(raw),
    group,
    reason: typeof reason === 'string' ? reason : 'unknown',
    attempts: numberOf(headers[ATTEMPT]) ?? 1,
    diedAtMs: numberOf(headers[DIED]) ?? 0,
  };
}

/** 64-bit header values arrive as bigint where they do not fit. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'bigint' ? Number(value) : undefined;
}
