import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
  Optional,
} from '@nestjs/common';
import { Database, reasonOf } from '@rookery/database';
import { Health, LOGGER, type Logger, ServiceIdentity } from '@rookery/observability';
import { createMessaging, type MessagingOptions } from '../create-messaging.ts';
import { Messaging } from '../messaging.ts';
import { Inbox } from '../outbox/inbox.ts';
import { InboxCleaner } from '../outbox/inbox-cleaner.ts';
import { Outbox } from '../outbox/outbox.ts';
import { OutboxRelay } from '../outbox/relay.ts';
import { MessagingClient } from './messaging-client.ts';
import { MessagingServer, type ServerOptions } from './messaging-server.ts';

export interface MessagingModuleOptions extends MessagingOptions, ServerOptions {
  /** Engine URL; the environment's MESSAGING_URL when not given. */
  url?: string;
  /** Provides {@link Outbox} and runs its relay. Needs DatabaseModule with `outboxMigration`. */
  outbox?: boolean;
  /** Provides {@link Inbox} and cleans it up. Needs DatabaseModule with `inboxMigration`. */
  inbox?: boolean;
}

const OPTIONS = Symbol('rookery.messaging.options');

/**
 * Messaging for the whole app: inject Messaging, MessagingClient, MessagingServer, Outbox, Inbox. The consumer group
 * of its handlers is the service's name unless `group` names another.
 */
@Module({})
export class MessagingModule implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  #relay: OutboxRelay | undefined;
  #cleaner: InboxCleaner | undefined;

  constructor(
    @Inject(OPTIONS) private readonly options: MessagingModuleOptions,
    @Inject(Messaging) private readonly messaging: Messaging,
    @Inject(MessagingClient) private readonly client: MessagingClient,
    @Optional() @Inject(Database) private readonly database?: Database,
    @Optional() @Inject(Health) private readonly health?: Health,
    @Optional() @Inject(LOGGER) private readonly logger?: Logger,
  ) {}

  static forRoot(options: MessagingModuleOptions = {}): DynamicModule {
    const { group, concurrency, maxAttempts, retryDelayMs } = options;
    const given = Object.entries({ concurrency, maxAttempts, retryDelayMs }).filter(([, value]) => value !== undefined);
    return {
      module: MessagingModule,
      global: true,
      providers: [
        { provide: OPTIONS, useValue: options },
        { provide: Messaging, useFactory: () => createMessaging(options.url, options) },
        {
          provide: MessagingServer,
          inject: [Messaging, { token: ServiceIdentity, optional: true }],
          useFactory: (messaging: Messaging, identity?: ServiceIdentity) => {
            const named = group ?? identity?.name;
            return new MessagingServer(messaging, { ...Object.fromEntries(given), ...(named ? { group: named } : {}) });
          },
        },
        {
          provide: MessagingClient,
          inject: [Messaging],
          useFactory: (messaging: Messaging) => new MessagingClient(messaging),
        },
        ...(options.outbox ? [Outbox] : []),
        ...(options.inbox ? [Inbox] : []),
      ],
      exports: [
        Messaging,
        MessagingServer,
        MessagingClient,
        ...(options.outbox ? [Outbox] : []),
        ...(options.inbox ? [Inbox] : []),
      ],
    };
  }

  onModuleInit(): void {
    if ((this.options.outbox || this.options.inbox) && !this.database) {
      throw new Error('MessagingModule.forRoot({ outbox, inbox }) needs DatabaseModule.forRoot in the same app.');
    }
    this.health?.addCheck('messaging', () =>
      this.messaging.ping().then(
        () => ({ ok: true }) as const,
        (error: unknown) => ({ ok: false, reason: reasonOf(error) }) as const,
      ),
    );
  }

  onApplicationBootstrap(): void {
    if (!this.database) return;
    if (this.options.outbox) {
      const onError = (reason: string) => this.logger?.warn({ reason }, 'outbox.publish-failed');
      this.#relay = new OutboxRelay(this.database, this.messaging, { onError });
    }
    if (this.options.inbox) this.#cleaner = new InboxCleaner(this.database);
  }

  /** After the transports, whose running handlers may still write to the outbox. */
  async onApplicationShutdown(): Promise<void> {
    await this.#relay?.close();
    await this.#cleaner?.close();
    await this.client.close();
    await this.messaging.close();
  }
}
