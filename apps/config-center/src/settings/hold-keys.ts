import { sql, type Transaction } from 'kysely';
import type { Place } from '../model/resolution.ts';
import type { ConfigDatabase } from '../tables.ts';
import { keyText, type SettingKey } from './setting-key.ts';

export const keyAt = (namespace: string, { group, name }: Place): SettingKey => ({ namespace, group, service: name });

/** Until the transaction ends, nobody else changes these keys. Always taken in one order, so that nobody waits in a circle. */
export async function holdKeys(trx: Transaction<ConfigDatabase>, keys: readonly SettingKey[]): Promise<void> {
  const texts = [...new Set(keys.map(keyText))].sort();
  await sql`
    select pg_advisory_xact_lock(hashtextextended(key, 0))
    from unnest(${texts}::text[]) with ordinality as held(key, place) order by place`.execute(trx);
}
