import type { Transaction } from '@rookery/database';
import type { Message } from '../messaging.ts';

/** What a service says happened; the outbox completes it. */
export interface OutboxMessage<T = unknown> {
  topic: string;
  payload: T;
  /** UUID; a new one when not given. */
  id?: string;
  /** Added to the propagated context. */
  headers?: Record<string, string>;
}

/** Writes messages in the caller's transaction; a relay publishes them after the commit, at least once. */
export class Outbox {
  /** Stores the message with whatever else the transaction does; answers it as it will travel. */
  async add<DB, T>(_trx: Transaction<DB>, _message: OutboxMessage<T>): Promise<Message<T>> {
    throw new Error('not implemented');
  }
}
