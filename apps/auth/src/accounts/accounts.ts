import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Database } from '@rookery/database';
import { RookeryError } from '@rookery/observability';
import { sql } from 'kysely';
import type { AuthDatabase } from '../tables.ts';
import { hashPassword, isPassword, newPassword } from './password.ts';

/** Somebody who can sign in. */
export interface Account {
  id: string;
  username: string;
  /** The password was given by somebody else; it is good for one sign-in, which sets another. */
  mustChange: boolean;
  /** Cannot sign in, and has nothing that gives tokens. */
  disabled: boolean;
  roles: string[];
  permissions: string[];
}

export type NewAccount = Pick<Account, 'username' | 'roles' | 'permissions'>;

const ADMIN: NewAccount = { username: 'admin', roles: ['admin'], permissions: ['*'] };

/** The people who can sign in. The first start makes `admin` and prints its one-time password. */
@Injectable()
export class Accounts implements OnModuleInit {
  readonly #log = new Logger(Accounts.name);
  /** Checked where there is no such account, so that the time of an answer does not tell. */
  #nobody = '';

  constructor(@Inject(Database) private readonly database: Database<AuthDatabase>) {}

  async onModuleInit(): Promise<void> {
    this.#nobody = await hashPassword(newPassword());
    const { kysely } = this.database;
    if (await kysely.selectFrom('accounts').select('id').limit(1).executeTakeFirst()) return;
    const oneTime = await this.#insert(ADMIN);
    if (oneTime === undefined) return;
    this.#log.warn({
      event: `first start: sign in once as admin with ${oneTime} and set a password of your own; it is not shown again`,
    });
  }

  /** Adds an account and answers its one-time password. Fails with `USERNAME_TAKEN` (409). */
  async add(account: NewAccount): Promise<string> {
    const oneTime = await this.#insert(account);
    if (oneTime !== undefined) return oneTime;
    throw new RookeryError('USERNAME_TAKEN', `There is an account ${account.username} already.`, { status: 409 });
  }

  async byId(id: string): Promise<Account | undefined> {
    const row = await this.database.kysely.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst();
    return row && accountOf(row);
  }

  /** Fails with `ACCOUNT_UNKNOWN` (404). */
  async byName(username: string): Promise<Account> {
    const { kysely } = this.database;
    const row = await kysely.selectFrom('accounts').selectAll().where('username', '=', username).executeTakeFirst();
    if (row) return accountOf(row);
    throw new RookeryError('ACCOUNT_UNKNOWN', `There is no account ${username}.`, { status: 404 });
  }

  /** Accounts by name, those after `after`. */
  async page(after: string, limit: number): Promise<Account[]> {
    const rows = await this.database.kysely
      .selectFrom('accounts')
      .selectAll()
      .where('username', '>', after)
      .orderBy('username')
      .limit(limit)
      .execute();
    return rows.map(accountOf);
  }

  /** Disables or enables; sessions, grants and refresh tokens of an account that is disabled end. */
  async setDisabled(id: string, disabled: boolean): Promise<void> {
    await this.database.kysely.updateTable('accounts').set({ disabled }).where('id', '=', id).execute();
    if (disabled) await this.#endSessions(id);
  }

  /** Sets a one-time password and answers it; whoever is signed in with the old one is so no longer. */
  async resetPassword(id: string): Promise<string> {
    const password = newPassword();
    await this.database.kysely
      .updateTable('accounts')
      .set({ password_hash: await hashPassword(password), must_change: true })
      .where('id', '=', id)
      .execute();
    await this.#endSessions(id);
    return password;
  }

  /** The account with this name and password, when it is not disabled; takes the same time whether there is one or not. */
  async check(username: string, password: string): Promise<Account | undefined> {
    const { kysely } = this.database;
    const row = await kysely.selectFrom('accounts').selectAll().where('username', '=', username).executeTakeFirst();
    const isRight = await isPassword(password, row?.password_hash ?? this.#nobody);
    return row && isRight && !row.disabled ? accountOf(row) : undefined;
  }

  /** Sets the password that replaces a one-time one; false when somebody else was faster. */
  async replaceOneTime(id: string, password: string): Promise<boolean> {
    const { numUpdatedRows } = await this.database.kysely
      .updateTable('accounts')
      .set({ password_hash: await hashPassword(password), must_change: false })
      .where('id', '=', id)
      .where('must_change', '=', true)
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  }

  async #endSessions(id: string): Promise<void> {
    await sql`delete from oidc_payloads where payload->>'accountId' = ${id}`.execute(this.database.kysely);
  }

  async #insert({ username, roles, permissions }: NewAccount): Promise<string | undefined> {
    const password = newPassword();
    const { numInsertedOrUpdatedRows = 0n } = await this.database.kysely
      .insertInto('accounts')
      .values({
        id: randomUUID(),
        username,
        password_hash: await hashPassword(password),
        must_change: true,
        roles,
        permissions,
      })
      .onConflict((conflict) => conflict.column('username').doNothing())
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows > 0n ? password : undefined;
  }
}

interface AccountRow {
  id: string;
  username: string;
  must_change: boolean;
  disabled: boolean;
  roles: string[];
  permissions: string[];
}

const accountOf = ({ id, username, must_change, disabled, roles, permissions }: AccountRow): Account => ({
  id,
  username,
  mustChange: must_change,
  disabled,
  roles,
  permissions,
});
