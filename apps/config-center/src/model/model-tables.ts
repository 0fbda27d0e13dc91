import type { Format } from '@rookery/config';
import type { Generated } from 'kysely';
import type { DeclaredNamespace } from './environment-model.ts';

interface Declared {
  description: string | null;
  author: string | null;
  set_at: Generated<Date>;
}

/** The tables of model-migration.ts. */
export interface ModelTables {
  config_environments: Declared & { name: string };
  config_groups: Declared & { environment: string; name: string; falls_back_to: string | null };
  config_namespaces: Declared & {
    environment: string;
    name: string;
    kind: DeclaredNamespace['kind'];
    app: string | null;
    inherits: string | null;
    placeholders: DeclaredNamespace['placeholders'];
  };
}

/** What was written for a key by a release that serves more, or something else; `null` settings: nothing was. */
export interface OwnColumn {
  settings: Record<string, unknown> | null;
  format: Format;
  content: string | null;
}

/** One of the releases that another is made of. */
export interface MadeOf {
  group: string;
  service: string;
  version: number;
}
