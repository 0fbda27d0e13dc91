import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@rookery/database';
import { sql } from 'kysely';
import type { z } from 'zod';
import { errors } from '../errors.ts';
import type { ConfigDatabase } from '../tables.ts';
import type { Environment, EnvironmentDetail } from './declarations.ts';
import { ModelStore } from './model-store.ts';
import { chainOf } from './resolution.ts';

/** Environments as they are shown: what is declared, and what is there without that. */
@Injectable()
export class EnvironmentView {
  constructor(
    @Inject(Database) private readonly database: Database<ConfigDatabase>,
    @Inject(ModelStore) private readonly models: ModelStore,
  ) {}

  async list(): Promise<z.output<typeof Environment>[]> {
    const { rows } = await sql<z.output<typeof Environment>>`
      select name, declared.name is not null as declared, description, author
      from config_environments declared
      full join (select distinct namespace as name from setting_releases) written using (name)
      order by name limit 1000`.execute(this.database.kysely);
    return rows;
  }

  async show(environment: string): Promise<EnvironmentDetail> {
    const found = (await this.list()).find(({ name }) => name === environment);
    if (!found) throw errors.notDeclared(`The environment ${environment}`);
    const [model, versions, groups, namespaces] = await Promise.all([
      this.models.of(environment),
      this.#versions(environment),
      this.#declared('config_groups', environment),
      this.#declared('config_namespaces', environment),
    ]);
    const groupNames = new Set([...model.groups.keys(), ...versions.map(({ group }) => group)]);
    const names = new Set([...model.namespaces.keys(), ...versions.map(({ name }) => name)]);
    return {
      ...found,
      groups: [...groupNames].sort().map((name) => ({
        name,
        declared: model.groups.has(name),
        chain: chainOf(model, name),
        fallsBackTo: model.groups.get(name) ?? null,
        ...(groups.get(name) ?? NOTHING_SAID),
      })),
      namespaces: [...names].sort().map((name) => ({
        name,
        ...(model.namespaces.get(name) ?? UNDECLARED),
        ...(namespaces.get(name) ?? NOTHING_SAID),
        versions: Object.fromEntries(
          versions.filter((each) => each.name === name).map(({ group, version }) => [group, version]),
        ),
      })),
    };
  }

  async #versions(environment: string) {
    return this.database.kysely
      .selectFrom('setting_releases')
      .select(['group_name as group', 'service as name', (row) => row.fn.max('version').as('version')])
      .where('namespace', '=', environment)
      .groupBy(['group_name', 'service'])
      .execute();
  }

  async #declared(table: 'config_groups' | 'config_namespaces', environment: string) {
    const rows = await this.database.kysely
      .selectFrom(table)
      .select(['name', 'description', 'author'])
      .where('environment', '=', environment)
      .execute();
    return new Map(rows.map(({ name, ...said }) => [name, said]));
  }
}

const UNDECLARED = { kind: null, app: null, inherits: null, placeholders: null };
const NOTHING_SAID = { description: null, author: null };
