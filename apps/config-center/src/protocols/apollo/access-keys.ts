import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { readSettings } from '@rookery/service';
import { z } from 'zod';
import { errors } from '../../errors.ts';

/** Token of {@link AccessKeys}. */
export const ACCESS_KEYS = Symbol('config-center.access-keys');

/** Secrets by app id. Who has several may sign with each of them, so that they can be changed one after another. */
export type AccessKeys = ReadonlyMap<string, readonly string[]>;

const VALID_FOR_MS = 60_000;
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

/** Refuses a request for an app that has keys, unless it is signed with one of them within the last minute. */
export function checkSignature(
  keys: AccessKeys,
  appId: string,
  { headers, url = '' }: IncomingMessage,
  nowMs = Date.now(),
) {
  const secrets = keys.get(appId);
  if (!secrets) return;
  const timestamp = String(headers.timestamp ?? '');
  if (!(Math.abs(nowMs - Number(timestamp || Number.NaN)) <= VALID_FOR_MS)) {
    throw errors.signatureInvalid('Timestamp is missing, or not of this minute');
  }
  const given = Buffer.from(String(headers.authorization ?? ''));
  const signed = secrets.some((secret) => {
    const signature = createHmac('sha1', secret).update(`${timestamp}\n${url}`).digest('base64');
    const expected = Buffer.from(`Apollo ${appId}:${signature}`);
    return expected.length === given.length && timingSafeEqual(expected, given);
  });
  if (!signed) throw errors.signatureInvalid('it is not that of a key of this app');
}
