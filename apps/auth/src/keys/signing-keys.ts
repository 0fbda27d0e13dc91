import { generateKeyPair, randomBytes, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@rookery/database';
import { sql } from 'kysely';
import type { JWK } from 'oidc-provider';
import type { AuthDatabase } from '../tables.ts';
import { isKeyDue, publishedKeys } from './key-plan.ts';

const generate = promisify(generateKeyPair);
/** Any number that nobody else of this database uses: one replica at a time makes keys. */
const LOCK = 7_316_041;

export interface ProviderKeys {
  /** Private keys, the one that signs first. */
  jwks: JWK[];
  /** What cookies are signed with, newest first. */
  cookieKeys: string[];
}

/** The provider's own secrets: made at the first start, kept in Postgres, the same for every replica. */
@Injectable()
export class SigningKeys {
  constructor(@Inject(Database) private readonly database: Database<AuthDatabase>) {}

  /** The keys as they are now; makes those that are missing or due. */
  load(nowMs: number = Date.now()): Promise<ProviderKeys> {
    return this.database.transaction(async (trx) => {
      await sql`select pg_advisory_xact_lock(${LOCK})`.execute(trx);
      const stored = async () =>
        (await trx.selectFrom('signing_keys').selectAll().execute()).map(({ kid, jwk, created_at }) => ({
          kid,
          jwk,
          createdAtMs: created_at.getTime(),
        }));
      if (isKeyDue(await stored(), nowMs)) {
        const jwk = await newKey();
        await trx
          .insertInto('signing_keys')
          .values({ kid: jwk.kid, jwk: JSON.stringify(jwk), created_at: new Date(nowMs) })
          .execute();
      }
      const published = publishedKeys(await stored(), nowMs);
      await trx
        .deleteFrom('signing_keys')
        .where(
          'kid',
          'not in',
          published.map(({ kid }) => kid),
        )
        .execute();
      const cookies = await trx.selectFrom('cookie_keys').select('key').orderBy('created_at', 'desc').execute();
      if (cookies.length === 0) {
        cookies.push({ key: randomBytes(32).toString('base64url') });
        await trx.insertInto('cookie_keys').values(cookies).execute();
      }
      return { jwks: published.map(({ jwk }) => jwk as unknown as JWK), cookieKeys: cookies.map(({ key }) => key) };
    });
  }
}

async function newKey(): Promise<Record<string, unknown> & { kid: string }> {
  const { privateKey } = await generate('rsa', { modulusLength: 2_048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
}
