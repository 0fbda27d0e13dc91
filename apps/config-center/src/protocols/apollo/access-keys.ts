import { readSettings } from '@rookery/service';
import { z } from 'zod';

/** Token of {@link AccessKeys}. */
export const ACCESS_KEYS = Symbol('config-center.access-keys');

/** Secrets by app id. Who has several may sign with each of them, so that they can be changed one after another. */
export type AccessKeys = ReadonlyMap<string, readonly string[]>;

const PAIR = /^([^=\s]+)=(\S+)$/;

const Variables = z.object({ APOLLO_ACCESS_KEYS: z.string('appId=secret,…').default('') });

/** The keys as the environment sets them: `orders=secret,orders=the-next-one,mail=another`. */
export function readAccessKeys(): AccessKeys {
  const keys = new Map<string, string[]>();
  for (const pair of readSettings(Variables).APOLLO_ACCESS_KEYS.split(',').filter(Boolean)) {
    const [, appId, secret] = PAIR.exec(pair.trim()) ?? [];
    if (!appId || !secret) throw new Error('APOLLO_ACCESS_KEYS must be appId=secret, divided by commas.');
    keys.set(appId, [...(keys.get(appId) ?? []), secret]);
  }
  return keys;
}
