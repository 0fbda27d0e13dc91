import type { Transaction } from '@rookery/database';
import { sql } from 'kysely';
import { createMessage, encode, type NewMessage } from '../envelope.ts';
import type { Message } from '../messaging.ts';

/** Channel of NOTIFY that wakes the relays at the commit. */
export const OUTBOX_CHANNEL = 'rookery_outbox';

/** What a service says happened; the outbox completes it. */
export type OutboxMessage<T = unknown> = NewMessage<T>;

/** Writes messages in the caller's transaction; a relay publishes them after the commit, at least once. */
export class Outbox {
  /** Stores the message with whatever else the transaction does; answers it as it will travel. */
  async add<DB, T>(trx: Transaction<DB>, outboxMessage: OutboxMessage<T>): Promise<Message<T>> {
    const message = createMessage(outboxMessage);
    const payload = encode(message);
    await sql`
      with stored as (
        insert into outbox (message_id, topic, payload, headers, principal, occurred_at)
        values (${message.id}, ${message.topic}, ${payload}::jsonb, ${JSON.stringify(message.headers)}::jsonb,
          ${message.principal ? JSON.stringify(message.principal) : null}::jsonb,
          to_timestamp(${message.occurredAtMs}::double precision / 1000))
      )
      select pg_notify(${OUTBOX_CHANNEL}, current_schema())`.execute(trx);
    return message;
  }
}
