import { createHash, timingSafeEqual } from 'node:crypto';

/** The digest that is kept of a secret. Secrets here are long and random: nothing slower is needed. */
export const digestOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Compares digests, in a time that tells nothing of where they differ. */
export const sameDigest = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other);
