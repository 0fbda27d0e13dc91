import { Inject, Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@rookery/database';
import { errors } from '../errors.ts';
import { ModelChanges } from '../model/model-changes.ts';
import { holdEnvironment, ModelStore } from '../model/model-store.ts';
import { type Place, placeText } from '../model/resolution.ts';
import { checkSchema } from '../schemas/check-schema.ts';
import { SchemaStore } from '../schemas/schema-store.ts';
import { BulkPublisher } from '../settings/bulk-publisher.ts';
import { diffOf } from '../settings/diff.ts';
import { keyAt } from '../settings/hold-keys.ts';
import type { Publication } from '../settings/release-rows.ts';
import { ReleaseStore } from '../settings/release-store.ts';
import { NOTHING_STANDS, type Standing } from '../settings/standing.ts';
import { withoutKeeping } from '../settings/without-keeping.ts';
import type { ConfigDatabase } from '../tables.ts';
import type { ExportDocument, Imported } from './export-document.ts';
import { writtenItem } from './written-item.ts';

interface How {
  dryRun: boolean;
  others: 'keep' | 'remove';
  comment: string;
  author: string | undefined;
}

/** Takes a document into an environment: all of it in one transaction, or nothing. */
@Injectable()
export class Importer {
  constructor(
    @Inject(Database) private readonly database: Database<ConfigDatabase>,
    @Inject(ModelChanges) private readonly changes: ModelChanges,
    @Inject(ModelStore) private readonly models: ModelStore,
    @Inject(SchemaStore) private readonly schemas: SchemaStore,
    @Inject(ReleaseStore) private readonly releases: ReleaseStore,
    @Inject(BulkPublisher) private readonly publisher: BulkPublisher,
  ) {}

  import(environment: string, document: ExportDocument, how: How): Promise<Imported> {
    const work = (trx: Transaction<ConfigDatabase>) => this.#import(trx, environment, document, how);
    return how.dryRun ? withoutKeeping(this.database, work) : this.database.transaction(work);
  }

  async #import(
    trx: Transaction<ConfigDatabase>,
    environment: string,
    document: ExportDocument,
    { dryRun, others, comment, author }: How,
  ): Promise<Imported> {
    const wanted = new Map<string, { place: Place; written: Publication }>();
    for (const item of document.settings) {
      const place = { group: item.group, name: item.namespace };
      if (wanted.has(placeText(place))) throw errors.importInvalid(`${placeText(place)} is in it twice`);
      wanted.set(placeText(place), { place, written: writtenItem(item) });
    }
    await holdEnvironment(trx, environment);
    const there = await this.changes.places(trx, environment, await this.models.of(environment, trx));
    if (others === 'remove') {
      const removed: Publication = { settings: {}, removed: true };
      for (const place of there) {
        if (!wanted.has(placeText(place))) wanted.set(placeText(place), { place, written: removed });
      }
    }
    const before = new Map<string, Standing>();
    for (const place of there) {
      before.set(placeText(place), await this.releases.standing(keyAt(environment, place), trx));
    }
    await this.changes.changeWithin(trx, environment, { author, comment }, () =>
      this.#declare(trx, environment, document, author),
    );
    for (const { group, namespace, schema } of document.settings) {
      if (!schema) continue;
      checkSchema(schema);
      await this.schemas.set(keyAt(environment, { group, name: namespace }), schema, author, trx);
    }
    await this.publisher.publishAll(trx, environment, [...wanted.values()], { author, comment });
    const after = await this.changes.places(trx, environment, await this.models.of(environment, trx));
    const changes: Imported['changes'] = [];
    for (const place of after) {
      const { main: old } = before.get(placeText(place)) ?? NOTHING_STANDS;
      const { main } = await this.releases.standing(keyAt(environment, place), trx);
      if (main.version === old.version) continue;
      const wasThere = old.version > 0 && !old.removed;
      const change = main.removed ? 'removed' : wasThere ? 'changed' : 'added';
      const { group, name: namespace } = place;
      changes.push({ ...diffOf(old.settings, main.settings), group, namespace, change, fromVersion: old.version });
    }
    return { dryRun, unchanged: after.length - changes.length, changes };
  }

  async #declare(
    trx: Transaction<ConfigDatabase>,
    environment: string,
    { groups, namespaces }: ExportDocument,
    author: string | undefined,
  ): Promise<void> {
    const facts = { author: author ?? null, set_at: new Date() };
    for (const { name, fallsBackTo, description } of groups) {
      const row = { falls_back_to: fallsBackTo, description, ...facts };
      await trx
        .insertInto('config_groups')
        .values({ environment, name, ...row })
        .onConflict((conflict) => conflict.columns(['environment', 'name']).doUpdateSet(row))
        .execute();
    }
    for (const { name, ...declared } of namespaces) {
      const row = { ...declared, ...facts };
      await trx
        .insertInto('config_namespaces')
        .values({ environment, name, ...row })
        .onConflict((conflict) => conflict.columns(['environment', 'name']).doUpdateSet(row))
        .execute();
    }
  }
}
