import type { Database } from '@rookery/database';
import { sql } from 'kysely';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { AuthDatabase } from '../tables.ts';

/** State of one model of the provider (sessions, grants, codes, tokens, ...) as rows with an end. */
export class PostgresAdapter implements Adapter {
  readonly #model: string;
  readonly #database: Database<AuthDatabase>;

  constructor(model: string, database: Database<AuthDatabase>) {
    this.#model = model;
    this.#database = database;
  }

  async upsert(id: string, payload: AdapterPayload, expiresInS: number): Promise<void> {
    const values = {
      payload: JSON.stringify(payload),
      grant_id: payload.grantId ?? null,
      uid: payload.uid ?? null,
      user_code: payload.userCode ?? null,
      expires_at: expiresInS ? new Date(Date.now() + expiresInS * 1_000) : null,
    };
    await this.#database.kysely
      .insertInto('oidc_payloads')
      .values({ model: this.#model, id, ...values, consumed_at: null })
      .onConflict((conflict) => conflict.columns(['model', 'id']).doUpdateSet(values))
      .execute();
  }

  find(id: string): Promise<AdapterPayload | undefined> {
    return this.#findBy('id', id);
  }

  findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#findBy('uid', uid);
  }

  findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.#findBy('user_code', userCode);
  }

  async consume(id: string): Promise<void> {
    await this.#database.kysely
      .updateTable('oidc_payloads')
      .set({ consumed_at: sql<Date>`now()` })
      .where('model', '=', this.#model)
      .where('id', '=', id)
      .execute();
  }

  async destroy(id: string): Promise<void> {
    await this.#database.kysely
      .deleteFrom('oidc_payloads')
      .where('model', '=', this.#model)
      .where('id', '=', id)
      .execute();
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    await this.#database.kysely.deleteFrom('oidc_payloads').where('grant_id', '=', grantId).execute();
  }

  async #findBy(column: 'id' | 'uid' | 'user_code', value: string): Promise<AdapterPayload | undefined> {
    const row = await this.#database.kysely
      .selectFrom('oidc_payloads')
      .select(['payload', 'consumed_at'])
      .where('model', '=', this.#model)
      .where(column, '=', value)
      .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', sql<Date>`now()`)]))
      .executeTakeFirst();
    if (!row) return undefined;
    const { payload, consumed_at: consumedAt } = row;
    return { ...payload, ...(consumedAt && { consumed: Math.floor(consumedAt.getTime() / 1_000) }) };
  }
}
