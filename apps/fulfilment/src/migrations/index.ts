import type { Migration } from '@rookery/database';
import { inboxMigration, outboxMigration, outboxPrincipalMigration } from '@rookery/messaging';
import { createFulfilments } from './001-create-fulfilments.ts';

/** The schema of fulfilment, in the order in which it is built. */
export const migrations: Record<string, Migration> = {
  '001-create-fulfilments': createFulfilments,
  '002-outbox': outboxMigration,
  '003-inbox': inboxMigration,
  '004-outbox-principal': outboxPrincipalMigration,
};
