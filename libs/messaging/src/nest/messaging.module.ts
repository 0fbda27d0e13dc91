import { type DynamicModule, Module } from '@nestjs/common';
import type { MessagingOptions } from '../create-messaging.ts';

export interface MessagingModuleOptions extends MessagingOptions {
  /** Engine URL; the environment's MESSAGING_URL when not given. */
  url?: string;
  /** Consumer group of this service's handlers; libs/service gives the service's name. */
  group?: string;
  /** Provides {@link Outbox} and runs its relay. Needs DatabaseModule with `outboxMigration`. */
  outbox?: boolean;
  /** Provides {@link Inbox} and cleans it up. Needs DatabaseModule with `inboxMigration`. */
  inbox?: boolean;
  /** Deliveries handled at once; 10. */
  concurrency?: number;
  maxAttempts?: number;
  retryDelayMs?: number;
}

/** Messaging for the whole app: inject Messaging, MessagingClient, MessagingServer, Outbox, Inbox. */
@Module({})
export class MessagingModule {
  static forRoot(_options: MessagingModuleOptions = {}): DynamicModule {
    return { module: MessagingModule, global: true };
  }
}
