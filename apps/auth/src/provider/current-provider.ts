import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Database } from '@rookery/database';
import { readTokenSettings, type TokenSettings } from '@rookery/security';
import { sql } from 'kysely';
import type { Provider } from 'oidc-provider';
import { Accounts } from '../accounts/accounts.ts';
import { Clients } from '../clients/clients.ts';
import { SigningKeys } from '../keys/signing-keys.ts';
import type { AuthDatabase } from '../tables.ts';
import { buildProvider } from './build-provider.ts';

/** Keys are looked at so often; far shorter than a new key is published ahead. */
const LOOK_EVERY_MS = 30_000;
const SWEPT_AT_ONCE = 5_000;

/** The provider with the keys of now: replaced when a key is made or has served its time. */
@Injectable()
export class CurrentProvider implements OnModuleDestroy {
  readonly settings: TokenSettings = readTokenSettings();
  readonly #log = new Logger(CurrentProvider.name);
  #provider: Provider | undefined;
  #published = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Database) private readonly database: Database<AuthDatabase>,
    @Inject(SigningKeys) private readonly keys: SigningKeys,
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(Clients) private readonly clients: Clients,
  ) {}

  get provider(): Provider {
    if (!this.#provider) throw new Error('the provider is not open yet');
    return this.#provider;
  }

  /** Loads the keys and looks after them from now on. */
  async open(): Promise<void> {
    await this.refresh();
    this.#timer = setInterval(() => void this.#lookAfter(), LOOK_EVERY_MS).unref();
  }

  /** Takes the keys as they are in the database now. */
  async refresh(nowMs: number = Date.now()): Promise<void> {
    const keys = await this.keys.load(nowMs);
    const published = keys.jwks.map(({ kid }) => kid).join(' ');
    if (published === this.#published) return;
    const { settings, database, accounts, clients } = this;
    this.#provider = buildProvider({ settings, keys, database, accounts, clients });
    this.#published = published;
    this.#log.log({ event: 'signing keys in use', keys: published });
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer);
  }

  async #lookAfter(): Promise<void> {
    try {
      await this.refresh();
      await sql`delete from oidc_payloads where (model, id) in
        (select model, id from oidc_payloads where expires_at < now() limit ${SWEPT_AT_ONCE})`.execute(
        this.database.kysely,
      );
    } catch (error) {
      this.#log.warn({ event: 'keys not looked at', reason: error instanceof Error ? error.message : String(error) });
    }
  }
}
