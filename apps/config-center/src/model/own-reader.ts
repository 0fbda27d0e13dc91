import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@rookery/database';
import type { ConfigDatabase } from '../tables.ts';
import { readOwn } from './own-rows.ts';
import type { Own, Place } from './resolution.ts';

/** What was written for places, outside of a release. */
@Injectable()
export class OwnReader {
  constructor(@Inject(Database) private readonly database: Database<ConfigDatabase>) {}

  read(environment: string, places: readonly Place[]): Promise<Map<string, Own>> {
    return readOwn(this.database.kysely, environment, places);
  }
}
