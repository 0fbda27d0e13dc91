import type { Generated, JSONColumnType } from 'kysely';

/** The table of drafts-migration.ts. */
export interface DraftTables {
  setting_drafts: {
    namespace: string;
    group_name: string;
    service: string;
    /** As `pg` gives a bigint. */
    revision: string;
    base_version: number;
    settings: JSONColumnType<Record<string, unknown>>;
    format: string;
    content: string | null;
    author: string | null;
    edited_at: Generated<Date>;
    /** Set while a release waits for its time. */
    release_at: Date | null;
    scheduled_by: string | null;
    comment: string | null;
    /** Set where the release was due and was refused. */
    failed_at: Date | null;
    failure: string | null;
  };
}
