import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '@rookery/database';
import { RookeryError } from '@rookery/observability';
import { errors } from '../errors.ts';
import { ModelStore } from '../model/model-store.ts';
import { chainOf, type Place, placeText } from '../model/resolution.ts';
import { Secrets } from '../secrets/secrets.ts';
import type { ConfigDatabase } from '../tables.ts';
import { keyAt } from './hold-keys.ts';
import type { Publication } from './release-rows.ts';
import { ReleaseStore } from './release-store.ts';
import type { SettingKey } from './setting-key.ts';

/** Publishes many namespaces of an environment in one transaction; those that are as they were get no release. */
@Injectable()
export class BulkPublisher {
  constructor(
    @Inject(ModelStore) private readonly models: ModelStore,
    @Inject(ReleaseStore) private readonly releases: ReleaseStore,
    @Inject(Secrets) private readonly secrets: Secrets,
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
      try {
        if (isSame(standing.written, this.#unmasked(key, written, standing.written))) continue;
        await this.releases.publishWithin(trx, key, { ...written, ...why });
      } catch (error) {
        throw error instanceof RookeryError ? errors.importRefused(placeText(place), error) : error;
      }
    }
  }

  /** What would be kept: encrypted values left as masks, and a text with masks in it is no other text. */
  #unmasked(key: SettingKey, written: Publication, present: Publication): Publication {
    if (written.removed) return written;
    const kept = this.secrets.accept(key, written, present.settings);
    return kept !== written && isDeepStrictEqual(kept.settings, present.settings)
      ? { ...kept, content: present.content }
      : kept;
  }
}

const isSame = (one: Publication, other: Publication): boolean =>
  (one.removed ?? false) === (other.removed ?? false) &&
  (one.removed === true ||
    ((one.format ?? 'json') === (other.format ?? 'json') &&
      (one.content ?? null) === (other.content ?? null) &&
      isDeepStrictEqual(one.settings, other.settings)));
