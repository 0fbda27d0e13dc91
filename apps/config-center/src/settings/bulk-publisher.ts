import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '@rookery/database';
import { RookeryError } from '@rookery/observability';
import { errors } from '../errors.ts';
import { ModelStore } from '../model/model-store.ts';
import { chainOf, type Place, placeText } from '../model/resolution.ts';
import type { ConfigDatabase } from '../tables.ts';
import { keyAt } from './hold-keys.ts';
import type { Publication } from './release-rows.ts';
import { ReleaseStore } from './release-store.ts';

/** Publishes many namespaces of an environment in one transaction; those that are as they were get no release. */
@Injectable()
export class BulkPublisher {
  constructor(
    @Inject(ModelStore) private readonly models: ModelStore,
    @Inject(ReleaseStore) private readonly releases: ReleaseStore,
  ) {}

  async publishAll(
    trx: Transaction<ConfigDatabase>,
    environment: string,
    items: readonly { place: Place; written: Publication }[],
    why: Pick<Publication, 'author' | 'comment' | 'fromGit'>,
  ): Promise<void> {
    const model = await this.models.of(environment, trx);
    // What others stand on comes first: public namespaces, and the groups that others fall back to.
    const rank = ({ group, name }: Place) =>
      chainOf(model, group).length * 2 + (model.namespaces.get(name)?.kind === 'associated' ? 1 : 0);
    for (const { place, written } of items.toSorted((one, other) => rank(one.place) - rank(other.place))) {
      const key = keyAt(environment, place);
      const standing = await this.releases.standing(key, trx);
      if (isSame(standing.written, written)) continue;
      try {
        await this.releases.publishWithin(trx, key, { ...written, ...why });
      } catch (error) {
        throw error instanceof RookeryError ? errors.importRefused(placeText(place), error) : error;
      }
    }
  }
}

const isSame = (one: Publication, other: Publication): boolean =>
  (one.removed ?? false) === (other.removed ?? false) &&
  (one.removed === true ||
    ((one.format ?? 'json') === (other.format ?? 'json') &&
      (one.content ?? null) === (other.content ?? null) &&
      isDeepStrictEqual(one.settings, other.settings)));
