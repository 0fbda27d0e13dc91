import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@rookery/database';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { ConfigDatabase } from '../tables.ts';
import { type EnvironmentModel, NOTHING_DECLARED } from './environment-model.ts';

/** Reads what environments declare. */
@Injectable()
export class ModelStore {
  constructor(@Inject(Database) private readonly database: Database<ConfigDatabase>) {}

  /** @param within the transaction of a release, where there is one */
  async of(environment: string, within: Kysely<ConfigDatabase> = this.database.kysely): Promise<EnvironmentModel> {
    const [groups, namespaces] = [
      await within
        .selectFrom('config_groups')
        .select(['name', 'falls_back_to'])
        .where('environment', '=', environment)
        .execute(),
      await within
        .selectFrom('config_namespaces')
        .select(['name', 'kind', 'app', 'inherits', 'placeholders'])
        .where('environment', '=', environment)
        .execute(),
    ];
    if (groups.length + namespaces.length === 0) return NOTHING_DECLARED;
    return {
      groups: new Map(groups.map(({ name, falls_back_to }) => [name, falls_back_to])),
      namespaces: new Map(namespaces.map(({ name, ...declared }) => [name, declared])),
    };
  }
}

const lockOf = (environment: string) => sql`hashtextextended(${`environment ${environment}`}, 0)`;

/** Until the transaction ends, the model of the environment stays as it is. */
export async function holdModel(trx: Transaction<ConfigDatabase>, environment: string): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(${lockOf(environment)})`.execute(trx);
}

/** Until the transaction ends, nobody else changes the model or publishes into the environment. */
export async function holdEnvironment(trx: Transaction<ConfigDatabase>, environment: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(${lockOf(environment)})`.execute(trx);
}
