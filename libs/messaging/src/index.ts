export { createMessaging, type MessagingOptions } from './create-messaging.ts';
export * from './messaging.ts';
export { MessagingModule, type MessagingModuleOptions } from './nest/messaging.module.ts';
export { MessagingClient } from './nest/messaging-client.ts';
export { MessagingContext } from './nest/messaging-context.ts';
export { MessagingServer } from './nest/messaging-server.ts';
export { Inbox } from './outbox/inbox.ts';
export { inboxMigration, outboxMigration } from './outbox/migrations.ts';
export { Outbox, type OutboxMessage } from './outbox/outbox.ts';
