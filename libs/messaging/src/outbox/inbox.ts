import type { Transaction } from '@rookery/database';
import type { Delivery } from '../messaging.ts';

/** Remembers which messages a group has had, so that a second delivery has no second effect. */
export class Inbox {
  /** Runs `work` unless this delivery's message was handled before. True when it ran. Commit `trx` to make it count. */
  async once<DB>(_trx: Transaction<DB>, _delivery: Delivery, _work: () => Promise<void>): Promise<boolean> {
    throw new Error('not implemented');
  }
}
