import { FORMATS, type Format } from '@rookery/config';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { DraftTables } from './draft-tables.ts';

const time = z.iso.datetime();

/** When a draft is to be released. */
export const Schedule = z.object({
  at: time.meta({ description: 'UTC.', example: '2027-01-31T06:00:00Z' }),
  by: z.string().nullable(),
  comment: z.string().nullable(),
});

/** Why a release that was due was refused; the draft is still there. */
export const Failure = z.object({ at: time, reason: z.string() });

export const Draft = z.object({
  revision: z.number().int().meta({ description: 'Another one after each edit; the ETag.' }),
  baseVersion: z
    .number()
    .int()
    .meta({ description: 'The version that it started from; another current one answers 409.' }),
  settings: z.record(z.string(), z.unknown()).meta({ description: 'The whole tree that is released.' }),
  format: z.enum(FORMATS),
  content: z.string().nullable().meta({ description: 'The text that it was written as, where it came as text.' }),
  author: z.string().nullable().meta({ description: 'Who edited it last.' }),
  editedAt: time,
  schedule: Schedule.nullable(),
  failure: Failure.nullable(),
});

export type Draft = z.output<typeof Draft>;

export const toDraft = (row: Selectable<DraftTables['setting_drafts']>): Draft => ({
  revision: Number(row.revision),
  baseVersion: row.base_version,
  settings: row.settings,
  format: row.format as Format,
  content: row.content,
  author: row.author,
  editedAt: row.edited_at.toISOString(),
  schedule: row.release_at && { at: row.release_at.toISOString(), by: row.scheduled_by, comment: row.comment },
  failure: row.failed_at && { at: row.failed_at.toISOString(), reason: row.failure ?? '' },
});

const comment = z.string().trim().min(1).max(1_000).optional().meta({ description: 'Why.' });

/** Several settings at once, by their whole paths, as a diff shows them. */
export const Edits = z
  .strictObject({
    set: z.record(z.string().min(1).max(1_000), z.unknown()).default({}),
    remove: z.array(z.string().min(1).max(1_000)).max(10_000).default([]),
  })
  .meta({ example: { set: { 'limits.maxItems': 20 }, remove: ['limits.old'] } });

export type Edits = z.output<typeof Edits>;

export const PublishDraft = z.strictObject({ comment }).prefault({});

export const ScheduleBody = z.strictObject({ at: time, comment });

export const DryRun = z.object({ dryRun: z.stringbool().default(false) });
