import type { Migration } from '@rookery/database';
import { outboxMigration, outboxPrincipalMigration } from '@rookery/messaging';
import { createFilms } from './001-create-films.ts';
import { loadFilms } from './002-load-films.ts';
import { versionFilms } from './003-version-films.ts';

/** The catalog's schema and its data, in the order in which they run. */
export const migrations: Record<string, Migration> = {
  '001-create-films': createFilms,
  '002-load-films': loadFilms,
  '003-version-films': versionFilms,
  '004-outbox': outboxMigration,
  '005-outbox-principal': outboxPrincipalMigration,
};
