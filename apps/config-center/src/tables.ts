import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { Right } from './access/right.ts';
import type { DraftTables } from './drafts/draft-tables.ts';
import type { GitTables } from './git/git-tables.ts';
import type { GreyRule } from './grey/grey-rule.ts';
import type { MadeOf, ModelTables, OwnColumn } from './model/model-tables.ts';

/** What the centre keeps; made by migrations.ts. */
export interface ConfigDatabase extends ModelTables, DraftTables, GitTables {
  setting_releases: {
    namespace: string;
    group_name: string;
    service: string;
    version: number;
    settings: JSONColumnType<Record<string, unknown>>;
    format: Generated<string>;
    content: string | null;
    removed: Generated<boolean>;
    author: string | null;
    comment: string | null;
    rolled_back_from: number | null;
    /** Who gets it, where it is not for all. */
    grey: ColumnType<GreyRule | null, string | null, string | null>;
    /** What was written, where it is not what is served. */
    own: ColumnType<OwnColumn | null, string | null, string | null>;
    made_of: ColumnType<MadeOf[] | null, string | null, string | null>;
    published_at: Generated<Date>;
  };
  setting_schemas: {
    namespace: string;
    group_name: string;
    service: string;
    schema: JSONColumnType<Record<string, unknown>>;
    author: string | null;
    set_at: Generated<Date>;
  };
  setting_tokens: {
    id: string;
    namespace: string;
    name: string;
    roles: JSONColumnType<Right[]>;
    names: ColumnType<string[] | null, string | null, string | null>;
    digest: Buffer;
    apollo_app_id: string | null;
    /** Signatures are checked with it. */
    apollo_secret: string | null;
    issued_by: string | null;
    issued_at: Generated<Date>;
    expires_at: Date;
    revoked_at: Date | null;
    revoked_by: string | null;
  };
  setting_instances: {
    namespace: string;
    group_name: string;
    service: string;
    instance: string;
    applied_version: number | null;
    refused_version: number | null;
    refused_reason: string | null;
    seen_at: Generated<Date>;
  };
}
