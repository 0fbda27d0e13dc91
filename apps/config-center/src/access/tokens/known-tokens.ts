import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Database, PgListener } from '@rookery/database';
import { LOGGER, type Logger } from '@rookery/observability';
import { digestOf, sameDigest } from '../same-secret.ts';
import { idOf } from './access-token.ts';
import { type KeptToken, TOKENS_CHANNEL, TokenStore } from './token-store.ts';

/** What was read counts for so long: a revocation that could not be heard takes effect then. */
const KEPT_MS = 10_000;
const MOST_KEPT = 10_000;

/** The tokens that were shown of late, so that a thousand services do not ask Postgres each time. A revocation empties it. */
@Injectable()
export class KnownTokens implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #kept = new Map<string, { token: KeptToken; untilMs: number }>();
  readonly #revoked = new Set<(id: string) => void>();
  #listener: PgListener | undefined;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(TokenStore) private readonly store: TokenStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#listener = new PgListener(
      this.database.url,
      TOKENS_CHANNEL,
      (id) => {
        this.#kept.clear();
        if (id === undefined) void this.#catchUp();
        else for (const hear of this.#revoked) hear(id);
      },
      { heartbeatMs: 5_000, timeoutMs: 3_000 },
    );
  }

  async onModuleDestroy(): Promise<void> {
    await this.#listener?.close();
  }

  /** Hears of each token that ends before its time; after a reconnection of some that are known already. */
  onRevoked(hear: (id: string) => void): void {
    this.#revoked.add(hear);
  }

  /** The token that this text is; undefined where it is none, revoked or expired. */
  async find(text: string): Promise<KeptToken | undefined> {
    const id = idOf(text);
    if (id === undefined) return undefined;
    const token = await this.#read(id);
    if (!token || !sameDigest(token.digest, digestOf(text))) return undefined;
    return Date.parse(token.expiresAt) > Date.now() ? token : undefined;
  }

  /** What was revoked while nobody listened. */
  async #catchUp(): Promise<void> {
    try {
      for (const id of await this.store.revokedOfLate()) for (const hear of this.#revoked) hear(id);
    } catch (error) {
      this.logger.warn({ error }, 'catch-up of revoked tokens failed');
    }
  }

  async #read(id: string): Promise<KeptToken | undefined> {
    const nowMs = Date.now();
    const kept = this.#kept.get(id);
    if (kept && kept.untilMs > nowMs) return kept.token;
    this.#kept.delete(id);
    const token = await this.store.valid(id);
    if (!token) return undefined;
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    // What is not heard of while this replica cannot listen is not kept.
    if (this.#listener?.connected) this.#kept.set(id, { token, untilMs: nowMs + KEPT_MS });
    return token;
  }
}
