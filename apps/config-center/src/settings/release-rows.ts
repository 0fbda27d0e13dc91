import type { Format } from '@rookery/config';
import type { Selectable } from 'kysely';
import { ownOf, writtenOf } from '../model/own-rows.ts';
import type { ConfigDatabase } from '../tables.ts';
import type { Release, ReleaseFacts } from './release.ts';
import type { Standing } from './standing.ts';

/** What is to be published. */
export interface Publication {
  settings: Record<string, unknown>;
  /** `json` when not given. */
  format?: Format | undefined;
  /** The text that the settings were written as. */
  content?: string | null | undefined;
  /** The key is gone for who asks for a document; nothing is left of its settings. */
  removed?: boolean | undefined;
  author?: string | null | undefined;
  comment?: string | null | undefined;
  rolledBackFrom?: number | null | undefined;
  /** It is from the repository of its environment, where there is one nobody else may publish. */
  fromGit?: boolean | undefined;
  /** The version that the change starts from; not given: whichever is current. */
  expectedVersion?: number | undefined;
}

type Row = Selectable<ConfigDatabase['setting_releases']>;

export const FACTS = [
  'version',
  'author',
  'comment',
  'rolled_back_from',
  'format',
  'removed',
  'grey',
  'made_of',
  'published_at',
] as const;

export const toRow = ({ settings, format, content, removed, author, comment, rolledBackFrom }: Publication) => ({
  settings: JSON.stringify(settings),
  format: format ?? 'json',
  content: content ?? null,
  removed: removed ?? false,
  author: author ?? null,
  comment: comment ?? null,
  rolled_back_from: rolledBackFrom ?? null,
});

export const toFacts = (row: Pick<Row, (typeof FACTS)[number]>): ReleaseFacts => ({
  version: row.version,
  author: row.author,
  comment: row.comment,
  rolledBackFrom: row.rolled_back_from,
  format: row.format as Format,
  removed: row.removed,
  grey: row.grey !== null,
  madeOf: row.made_of,
  publishedAt: row.published_at.toISOString(),
});

export const toRelease = (row: Row): Release => ({ ...toFacts(row), settings: row.settings, content: row.content });

/** What was written by a release, as it is published again. */
export const toWritten = (row: Row): Publication => writtenOf(ownOf(row));

/** The newest two rows of a key; undefined where there is none. */
export function toStanding([newest, below]: readonly Row[]): Standing | undefined {
  if (!newest) return undefined;
  if (newest.grey === null || !below) return { main: toRelease(newest), written: toWritten(newest) };
  const grey = { release: toRelease(newest), rule: newest.grey, written: toWritten(newest) };
  return { main: toRelease(below), written: toWritten(below), grey };
}
