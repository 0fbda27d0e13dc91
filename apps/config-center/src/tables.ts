import type { Generated, JSONColumnType } from 'kysely';

/** What the centre keeps; made by migrations.ts. */
export interface ConfigDatabase {
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
    published_at: Generated<Date>;
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
