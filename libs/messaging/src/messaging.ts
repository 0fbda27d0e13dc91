import type { Principal } from '@rookery/observability';

/** A message as it travels: a CloudEvents-like envelope around a JSON payload. */
export interface Message<T = unknown> {
  /** Unique for the event; the inbox recognises a second delivery by it. UUID. */
  id: string;
  /** What happened, `order.placed`-like; the routing key. */
  topic: string;
  payload: T;
  /** Propagated context and free facts; lower-case keys. */
  headers: Record<string, string>;
  /**
   * Who it was published for, with what they were allowed then; `createMessage` and the outbox take it from the request
   * that runs, whose token was verified. The token itself stays behind.
   */
  principal?: Principal;
  /** Epoch ms of the event. */
  occurredAtMs: number;
}

/** One delivery of a message to one consumer group. */
export interface Delivery<T = unknown> extends Message<T> {
  group: string;
  /** 1 for the first try. */
  attempt: number;
}

/**
 * Resolves: acknowledged. Rejects: tried again after a back-off, and dead-lettered after the last try; at once when the
 * error says that the message itself is wrong or its principal may not send it (a RookeryError with status 400, 401 or
 * 403), because no try mends that.
 */
export type MessageHandler = (delivery: Delivery) => Promise<void>;

export interface SubscribeOptions {
  /** Consumer group, usually the service's name: each group gets each message once; members share them. */
  group: string;
  topics: readonly string[];
  /** Deliveries handled at once. */
  concurrency?: number;
  /** Tries before a message is dead-lettered, the first included. */
  maxAttempts?: number;
  /** Wait before the second try, in ms; doubles with each further one. */
  retryDelayMs?: number;
  /**
   * The group is this subscription alone and ends with it: nothing is kept while it is away, tried again or
   * dead-lettered. For replies.
   */
  ephemeral?: boolean;
}

export interface Subscription {
  /** Takes nothing new, waits for the running handlers to settle and be acknowledged. */
  close(): Promise<void>;
}

/** A message that no handler could take, with why. */
export interface DeadLetter extends Message {
  group: string;
  reason: string;
  attempts: number;
  diedAtMs: number;
}

/**
 * The messaging port, and the token to inject it by: at-least-once delivery to consumer groups. Drivers:
 * libs/messaging/src/drivers; each passes testing/contract.ts. Methods throw RookeryError `MESSAGING_UNREACHABLE`
 * when the engine does not answer in time, and `MESSAGE_TOO_LARGE` / `MESSAGE_INVALID` for what cannot travel.
 */
export abstract class Messaging {
  /** Resolves when the engine has stored the messages durably for every group that is known to want them. */
  abstract publish(messages: readonly Message[]): Promise<void>;
  /** Declares the group's queue and starts to deliver; resolves when messages published from now on will come. */
  abstract subscribe(options: SubscribeOptions, handler: MessageHandler): Promise<Subscription>;
  /** The newest dead letters of a group. */
  abstract deadLetters(group: string, limit?: number): Promise<DeadLetter[]>;
  /** Puts dead letters back into the group's queue as first tries; all of them when no ids are given. Returns how many. */
  abstract replay(group: string, ids?: readonly string[]): Promise<number>;
  /** Resolves when the engine answers; for readiness. */
  abstract ping(): Promise<void>;
  /** Closes every subscription (running handlers end and are acknowledged), then the connections. */
  abstract close(): Promise<void>;
}
