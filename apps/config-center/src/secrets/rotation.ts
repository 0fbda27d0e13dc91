import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@rookery/database';
import { RookeryError } from '@rookery/observability';
import { errors } from '../errors.ts';
import { ReleaseStore } from '../settings/release-store.ts';
import type { ConfigDatabase } from '../tables.ts';
import { Secrets } from './secrets.ts';

interface Place {
  group: string;
  service: string;
  version: number;
}

export interface Rotated {
  key: string;
  dryRun: boolean;
  rotated: Place[];
  skipped: (Place & { reason: string })[];
}

/** Encrypts anew, key by key: what one key cannot bear does not stop the others, and running it again does the rest. */
@Injectable()
export class Rotation {
  constructor(
    @Inject(Database) private readonly database: Database<ConfigDatabase>,
    @Inject(ReleaseStore) private readonly releases: ReleaseStore,
    @Inject(Secrets) private readonly secrets: Secrets,
  ) {}

  async run(namespace: string, { dryRun, author }: { dryRun: boolean; author: string | undefined }): Promise<Rotated> {
    const current = this.secrets.currentKey;
    if (current === undefined) throw errors.keyRingMissing('');
    const result: Rotated = { key: current, dryRun, rotated: [], skipped: [] };
    for (const { group, service } of await this.#places(namespace)) {
      const key = { namespace, group, service };
      const { main, grey, written } = await this.releases.standing(key);
      const place = { group, service, version: main.version };
      try {
        const anew = written.removed ? undefined : this.secrets.reseal(key, written);
        if (!anew) continue;
        if (grey) throw errors.greyActive(grey.release.version);
        const comment = `encrypted with the key ${current}`;
        const publication = { ...written, ...anew, author, comment, expectedVersion: main.version };
        const version = dryRun ? main.version + 1 : (await this.releases.publish(key, publication)).version;
        result.rotated.push({ ...place, version });
      } catch (error) {
        if (!(error instanceof RookeryError)) throw error;
        result.skipped.push({ ...place, reason: error.message });
      }
    }
    return result;
  }

  #places(namespace: string): Promise<{ group: string; service: string }[]> {
    return this.database.kysely
      .selectFrom('setting_releases')
      .select(['group_name as group', 'service'])
      .where('namespace', '=', namespace)
      .groupBy(['group_name', 'service'])
      .orderBy('group_name')
      .orderBy('service')
      .execute();
  }
}
