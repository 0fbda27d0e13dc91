import { createHash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Database } from '@rookery/database';
import { RookeryError } from '@rookery/observability';
import { readTokenSettings } from '@rookery/security';
import { sql } from 'kysely';
import type { ClientMetadata } from 'oidc-provider';
import type { AuthDatabase } from '../tables.ts';
import { builtInClients } from './built-in-clients.ts';
import { type ClientDeclaration, readClients } from './client-declaration.ts';

const MAX_LISTED = 1_000;

/** A client as administrators see it. */
export interface KnownClient extends Omit<ClientDeclaration, 'secret'> {
  public: boolean;
}

/** The programs that may ask for tokens: the platform's own and those that the clients file declares, kept in Postgres for every replica. */
@Injectable()
export class Clients implements OnModuleInit {
  readonly #builtIn = builtInClients(readTokenSettings().issuer);

  constructor(@Inject(Database) private readonly database: Database<AuthDatabase>) {}

  async onModuleInit(): Promise<void> {
    for (const client of [...this.#builtIn, ...readClients()]) await this.declare(client);
  }

  /** Adds a client, or brings it up to date. */
  async declare(client: ClientDeclaration): Promise<void> {
    const { id, ...values } = rowOf(client);
    await this.database.kysely
      .insertInto('clients')
      .values({ id, ...values })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
      .execute();
  }

  /** Adds a client. Fails with `CLIENT_TAKEN` (409). */
  async add(client: ClientDeclaration): Promise<void> {
    const { numInsertedOrUpdatedRows = 0n } = await this.database.kysely
      .insertInto('clients')
      .values(rowOf(client))
      .onConflict((conflict) => conflict.column('id').doNothing())
      .executeTakeFirstOrThrow();
    if (numInsertedOrUpdatedRows > 0n) return;
    throw new RookeryError('CLIENT_TAKEN', `There is a client ${client.id} already.`, { status: 409 });
  }

  /** Every client by id, without its secret. */
  async list(): Promise<KnownClient[]> {
    const rows = await this.database.kysely.selectFrom('clients').selectAll().orderBy('id').limit(MAX_LISTED).execute();
    return rows.map(({ id, name, secret_hash, redirect_uris, device_code, roles, permissions }) => ({
      id,
      name,
      public: secret_hash === null,
      redirectUris: redirect_uris,
      deviceCode: device_code,
      roles,
      permissions,
    }));
  }

  /** Removes a client and what it got. Fails with `CLIENT_UNKNOWN` (404), and `CLIENT_BUILT_IN` (409) for our own. */
  async remove(id: string): Promise<void> {
    if (this.#builtIn.some((client) => client.id === id)) {
      throw new RookeryError('CLIENT_BUILT_IN', `The client ${id} is the platform's own; it would come back.`, {
        status: 409,
      });
    }
    const { kysely } = this.database;
    const { numDeletedRows } = await kysely.deleteFrom('clients').where('id', '=', id).executeTakeFirstOrThrow();
    if (numDeletedRows === 0n) throw new RookeryError('CLIENT_UNKNOWN', `There is no client ${id}.`, { status: 404 });
    await sql`delete from oidc_payloads where payload->>'clientId' = ${id}`.execute(kysely);
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
        ...(signsIn ? ['authorization_code'] : []),
        ...(row.device_code ? ['urn:ietf:params:oauth:grant-type:device_code'] : []),
        ...(signsIn || row.device_code ? ['refresh_token'] : []),
        ...(row.secret_hash !== null ? ['client_credentials'] : []),
      ],
      token_endpoint_auth_method: row.secret_hash === null ? 'none' : 'client_secret_basic',
      ...(row.secret_hash !== null && { client_secret: row.secret_hash }),
    };
  }
}

const rowOf = ({ id, name, secret, redirectUris, deviceCode, roles, permissions }: ClientDeclaration) => ({
  id,
  name,
  secret_hash: secret === undefined ? null : secretHash(secret),
  redirect_uris: redirectUris,
  device_code: deviceCode,
  roles,
  permissions,
});

/** Secrets are long and random, so one fast hash is enough. */
const secretHash = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

/** Whether the hash is that of the secret. */
export function isSecret(secret: string, hash: string): boolean {
  const given = Buffer.from(secretHash(secret));
  const expected = Buffer.from(hash);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
