import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@rookery/database';
import { type Selectable, sql } from 'kysely';
import { errors } from '../../errors.ts';
import type { ConfigDatabase } from '../../tables.ts';
import { digestOf } from '../same-secret.ts';
import { type AccessToken, apolloSecretOf, type IssuedToken, type NewToken, newAccessToken } from './access-token.ts';

/** Postgres channel on which replicas hear that a token was revoked; the payload is its id. */
export const TOKENS_CHANNEL = 'rookery_config_tokens';

const LISTED = 1_000;
const MOST_OF_A_NAMESPACE = 1_000;
const MOST_OF_AN_APP = 20;
const MOST_REVOKED = 10_000;

/** A token as it is kept. */
export interface KeptToken extends AccessToken {
  readonly digest: Buffer;
}

type Row = Selectable<ConfigDatabase['setting_tokens']>;

/** The access tokens in Postgres. */
@Injectable()
export class TokenStore {
  constructor(@Inject(Database) private readonly database: Database<ConfigDatabase>) {}

  async issue(
    namespace: string,
    { name, roles, services, expiresInDays, apolloAppId }: NewToken,
    issuedBy: string | undefined,
  ): Promise<IssuedToken> {
    const { id, token } = newAccessToken();
    const apolloSecret = apolloAppId === undefined ? undefined : apolloSecretOf(token);
    return this.database.transaction(async (trx) => {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`tokens/${namespace}`}, 0))`.execute(trx);
      const { count } = await trx
        .selectFrom('setting_tokens')
        .select((row) => row.fn.countAll<string>().as('count'))
        .where('namespace', '=', namespace)
        .where('revoked_at', 'is', null)
        .where('expires_at', '>', sql<Date>`now()`)
        .executeTakeFirstOrThrow();
      if (Number(count) >= MOST_OF_A_NAMESPACE) throw errors.tooManyTokens(namespace, MOST_OF_A_NAMESPACE);
      const row = await trx
        .insertInto('setting_tokens')
        .values({
          id,
          namespace,
          name,
          roles: JSON.stringify(roles),
          names: services ? JSON.stringify(services) : null,
          digest: digestOf(token),
          apollo_app_id: apolloAppId ?? null,
          apollo_secret: apolloSecret ?? null,
          issued_by: issuedBy ?? null,
          expires_at: sql<Date>`now() + make_interval(secs => ${expiresInDays * 86_400})`,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      return { ...toToken(row), token, ...(apolloSecret && { apolloSecret }) };
    });
  }

  /** The tokens of a namespace, the newest first; those that ended too. */
  async list(namespace: string): Promise<AccessToken[]> {
    const rows = await this.database.kysely
      .selectFrom('setting_tokens')
      .selectAll()
      .where('namespace', '=', namespace)
      .orderBy('issued_at', 'desc')
      .limit(LISTED)
      .execute();
    return rows.map(toToken);
  }

  /** Ends a token; every replica hears of it with the commit. */
  async revoke(namespace: string, id: string, by: string | undefined): Promise<void> {
    await this.database.transaction(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('setting_tokens')
        .set({ revoked_at: sql<Date>`coalesce(revoked_at, now())`, revoked_by: by ?? null })
        .where('id', '=', id)
        .where('namespace', '=', namespace)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw errors.tokenUnknown(id);
      await sql`select pg_notify(${TOKENS_CHANNEL}, ${id})`.execute(trx);
    });
  }

  /** A token that is neither revoked nor expired, by the clock of Postgres. */
  async valid(id: string): Promise<KeptToken | undefined> {
    const row = await this.#valid().where('id', '=', id).executeTakeFirst();
    return row && { ...toToken(row), digest: row.digest };
  }

  /** Ids of what was revoked within a day, and has not expired: a stream is never so old. */
  async revokedOfLate(): Promise<string[]> {
    const rows = await this.database.kysely
      .selectFrom('setting_tokens')
      .select('id')
      .where('revoked_at', '>', sql<Date>`now() - interval '1 day'`)
      .where('expires_at', '>', sql<Date>`now()`)
      .limit(MOST_REVOKED)
      .execute();
    return rows.map(({ id }) => id);
  }

  /** What Apollo clients of an app may sign with. */
  async apolloTokens(appId: string): Promise<{ token: AccessToken; secret: string }[]> {
    const rows = await this.#valid()
      .where('apollo_app_id', '=', appId)
      .orderBy('issued_at', 'desc')
      .limit(MOST_OF_AN_APP)
      .execute();
    return rows.flatMap((row) => (row.apollo_secret ? [{ token: toToken(row), secret: row.apollo_secret }] : []));
  }

  #valid() {
    return this.database.kysely
      .selectFrom('setting_tokens')
      .selectAll()
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', sql<Date>`now()`);
  }
}

const toToken = (row: Row): AccessToken => ({
  id: row.id,
  namespace: row.namespace,
  name: row.name,
  roles: row.roles,
  services: row.names,
  apolloAppId: row.apollo_app_id,
  issuedBy: row.issued_by,
  issuedAt: row.issued_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
  revokedAt: row.revoked_at?.toISOString() ?? null,
});
