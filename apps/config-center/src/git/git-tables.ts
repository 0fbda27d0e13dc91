/** The table of git-migration.ts. */
export interface GitTables {
  config_git_labels: {
    environment: string;
    group_name: string;
    label: string;
    /** In force; null while none was good. */
    commit: string | null;
    taken_at: Date | null;
    failed_commit: string | null;
    failed_at: Date | null;
    failure: string | null;
  };
}
