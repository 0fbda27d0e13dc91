import type { Migration } from '@rookery/database';
import { inboxMigration, outboxMigration, outboxPrincipalMigration } from '@rookery/messaging';
import { createOrders } from './001-create-orders.ts';
import { createIdempotencyKeys } from './002-create-idempotency-keys.ts';

/** The schema of orders, in the order in which it is built. */
export const migrations: Record<string, Migration> = {
  '001-create-orders': createOrders,
  '002-create-idempotency-keys': createIdempotencyKeys,
  '003-outbox': outboxMigration,
  '004-inbox': inboxMigration,
  '005-outbox-principal': outboxPrincipalMigration,
};
