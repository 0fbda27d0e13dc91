import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@rookery/database';
import { type Kysely, sql } from 'kysely';
import { rowsOf, type SettingKey } from '../settings/setting-key.ts';
import type { ConfigDatabase } from '../tables.ts';
import type { JsonSchema } from './check-schema.ts';

/** The schemas that releases must satisfy, by key. */
@Injectable()
export class SchemaStore {
  constructor(@Inject(Database) private readonly database: Database<ConfigDatabase>) {}

  /** @param within the transaction of a release, where there is one */
  async of(key: SettingKey, within: Kysely<ConfigDatabase> = this.database.kysely): Promise<JsonSchema | undefined> {
    const row = await within
      .selectFrom('setting_schemas')
      .select('schema')
      .where((rows) => rows.and(rowsOf(key)))
      .executeTakeFirst();
    return row?.schema;
  }

  async set(
    key: SettingKey,
    schema: JsonSchema,
    author: string | undefined,
    within: Kysely<ConfigDatabase> = this.database.kysely,
  ): Promise<void> {
    const facts = { schema: JSON.stringify(schema), author: author ?? null };
    await within
      .insertInto('setting_schemas')
      .values({ ...rowsOf(key), ...facts })
      .onConflict((conflict) =>
        conflict.columns(['namespace', 'group_name', 'service']).doUpdateSet({ ...facts, set_at: sql`now()` }),
      )
      .execute();
  }

  async remove(key: SettingKey): Promise<void> {
    await this.database.kysely
      .deleteFrom('setting_schemas')
      .where((rows) => rows.and(rowsOf(key)))
      .execute();
  }
}
