import type { ColumnType, Generated } from 'kysely';

/** Column names are the tables'; see migrations.ts. */
export interface AuthDatabase {
  oidc_payloads: {
    model: string;
    id: string;
    payload: ColumnType<Record<string, unknown>, string, string>;
    grant_id: string | null;
    uid: string | null;
    user_code: string | null;
    consumed_at: Date | null;
    expires_at: Date | null;
  };
  accounts: {
    id: string;
    username: string;
    password_hash: string;
    must_change: boolean;
    disabled: Generated<boolean>;
    roles: string[];
    permissions: string[];
    created_at: Generated<Date>;
  };
  clients: {
    id: string;
    name: string;
    secret_hash: string | null;
    redirect_uris: string[];
    device_code: boolean;
    roles: string[];
    permissions: string[];
  };
  signing_keys: { kid: string; jwk: ColumnType<Record<string, unknown>, string, string>; created_at: Date };
  cookie_keys: { key: string; created_at: Generated<Date> };
}
