import { createHash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Database } from '@rookery/database';
import { readTokenSettings } from '@rookery/security';
import type { ClientMetadata } from 'oidc-provider';
import type { AuthDatabase } from '../tables.ts';
import { type ClientDeclaration, readClients } from './client-declaration.ts';
import { docsClient } from './docs-client.ts';

/** The programs that may ask for tokens: the documentation centre and those that the clients file declares, kept in Postgres for every replica. */
@Injectable()
export class Clients implements OnModuleInit {
  constructor(@Inject(Database) private readonly database: Database<AuthDatabase>) {}

  async onModuleInit(): Promise<void> {
    for (const client of [docsClient(readTokenSettings().issuer), ...readClients()]) await this.declare(client);
  }

  /** Adds a client, or brings it up to date. */
  async declare({ id, name, secret, redirectUris, roles, permissions }: ClientDeclaration): Promise<void> {
    const values = {
      name,
      secret_hash: secret === undefined ? null : secretHash(secret),
      redirect_uris: redirectUris,
      roles,
      permissions,
    };
    await this.database.kysely
      .insertInto('clients')
      .values({ id, ...values })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
      .execute();
  }

  /** What a client may do for itself. */
  async grantsOf(id: string): Promise<{ roles: string[]; permissions: string[] }> {
    const found = await this.database.kysely
      .selectFrom('clients')
      .select(['roles', 'permissions'])
      .where('id', '=', id)
      .executeTakeFirst();
    return found ?? { roles: [], permissions: [] };
  }

  /** A client as the provider wants it described; its secret is the hash. */
  async metadata(id: string): Promise<ClientMetadata | undefined> {
    const row = await this.database.kysely.selectFrom('clients').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) return undefined;
    const signsIn = row.redirect_uris.length > 0;
    return {
      client_id: row.id,
      client_name: row.name,
      redirect_uris: row.redirect_uris,
      response_types: signsIn ? ['code'] : [],
      grant_types: [
        ...(signsIn ? ['authorization_code', 'refresh_token'] : []),
        ...(row.secret_hash !== null ? ['client_credentials'] : []),
      ],
      token_endpoint_auth_method: row.secret_hash === null ? 'none' : 'client_secret_basic',
      ...(row.secret_hash !== null && { client_secret: row.secret_hash }),
    };
  }
}

/** Secrets are long and random, so one fast hash is enough. */
const secretHash = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

/** Whether the hash is that of the secret. */
export function isSecret(secret: string, hash: string): boolean {
  const given = Buffer.from(secretHash(secret));
  const expected = Buffer.from(hash);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
