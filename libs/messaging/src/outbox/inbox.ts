import type { Transaction } from '@rookery/database';
import { sql } from 'kysely';
import type { Delivery } from '../messaging.ts';

/** Remembers which messages a group has had, so that a second delivery has no second effect. */
export class Inbox {
  /**
   * Runs `work` unless this delivery's message was handled before. True when it ran. The memory and the effect commit
   * together, so `work` writes through `trx`; a second delivery at the same time waits for the first to commit.
   */
  async once<DB>(trx: Transaction<DB>, delivery: Delivery, work: () => Promise<void>): Promise<boolean> {
    const { rows } = await sql`
      insert into inbox (consumer_group, message_id) values (${delivery.group}, ${delivery.id})
      on conflict do nothing returning 1`.execute(trx);
    if (rows.length === 0) return false;
    await work();
    return true;
  }
}
