import { Inject, Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@rookery/database';
import { errors } from '../errors.ts';
import { keyAt } from '../settings/hold-keys.ts';
import { ReleaseStore } from '../settings/release-store.ts';
import type { ConfigDatabase } from '../tables.ts';
import { checkModel } from './check-model.ts';
import type { EnvironmentModel } from './environment-model.ts';
import { holdEnvironment, ModelStore } from './model-store.ts';
import { layersOf, type Place } from './resolution.ts';

const MOST_FOLLOWING = 5_000;

/** Changes what an environment declares, and in the same transaction every key that is another by it. */
@Injectable()
export class ModelChanges {
  constructor(
    @Inject(Database) private readonly database: Database<ConfigDatabase>,
    @Inject(ModelStore) private readonly models: ModelStore,
    @Inject(ReleaseStore) private readonly releases: ReleaseStore,
  ) {}

  async change(
    environment: string,
    why: { author?: string | undefined; comment: string },
    work: (trx: Transaction<ConfigDatabase>, before: EnvironmentModel) => Promise<void>,
  ): Promise<void> {
    await this.database.transaction((trx) => this.changeWithin(trx, environment, why, (before) => work(trx, before)));
  }

  /** That, in a transaction in which more happens. */
  async changeWithin(
    trx: Transaction<ConfigDatabase>,
    environment: string,
    why: { author?: string | undefined; comment: string },
    work: (before: EnvironmentModel) => Promise<void>,
  ): Promise<void> {
    await holdEnvironment(trx, environment);
    const before = await this.models.of(environment, trx);
    await work(before);
    const after = await this.models.of(environment, trx);
    checkModel(after);
    const moved = (await this.places(trx, environment, after)).filter((place) => isMoved(before, after, place));
    if (moved.length > MOST_FOLLOWING) throw errors.tooManyDependents(moved.length, MOST_FOLLOWING);
    for (const place of moved) await this.releases.follow(trx, after, keyAt(environment, place), why);
  }

  /** Every declared or written name in every declared or written group. */
  async places(trx: Transaction<ConfigDatabase>, environment: string, model: EnvironmentModel): Promise<Place[]> {
    const rows = await trx
      .selectFrom('setting_releases')
      .select(['group_name', 'service'])
      .distinct()
      .where('namespace', '=', environment)
      .execute();
    const groups = new Set([...rows.map(({ group_name }) => group_name), ...model.groups.keys()]);
    const names = new Set([...rows.map(({ service }) => service), ...model.namespaces.keys()]);
    return [...groups].flatMap((group) => [...names].map((name) => ({ group, name })));
  }
}

const isMoved = (before: EnvironmentModel, after: EnvironmentModel, place: Place): boolean =>
  before.namespaces.get(place.name)?.placeholders !== after.namespaces.get(place.name)?.placeholders ||
  JSON.stringify(layersOf(before, place)) !== JSON.stringify(layersOf(after, place));
