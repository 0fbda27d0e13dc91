import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { errors } from '../errors.ts';
import type { KeyRing } from './key-ring.ts';

/** Where a value was encrypted for: it is worth nothing elsewhere. */
export interface Origin {
  readonly namespace: string;
  readonly group: string;
  readonly service: string;
  /** As `flatten` writes it: `db.password`, `users[0].secret`. */
  readonly path: string;
}

export type Scalar = string | number | boolean;

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const WHOLE = /^\{cipher\}([\w-]{1,64})\.([\w-]+)\.([\w-]+)$/;
const ANYWHERE = /\{cipher\}[\w-]{1,64}\.[\w-]+\.[\w-]+/g;

/** What stands in the place of a value that is not shown. */
export const MASK = '{cipher}***';
/** Everything that begins like an encrypted value, good or not. */
const LIKE_SEALED = /\{cipher\}[\w.*-]*/g;

/** Whether there is something in a text that is encrypted, masked, or meant to be. */
export const hasSealed = (text: string): boolean => text.includes('{cipher}');

export const masked = (text: string): string => (hasSealed(text) ? text.replace(LIKE_SEALED, MASK) : text);

/**
 * Encrypts a value with the current key: `{cipher}<key id>.<origin>.<nonce, tag and ciphertext>`, each in base64url. Key id
 * and origin are authenticated (AAD): none of them can be exchanged.
 */
export function seal({ current, keys }: KeyRing, origin: Origin, value: Scalar): string {
  const key = keys.get(current);
  if (!key) throw errors.keyUnknown(current);
  const head = headOf(current, origin);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(head));
  const text = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
  return `{cipher}${head}.${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')}`;
}

/** The id of the key and the origin that a whole encrypted value names; undefined where a text is none. */
export function sealOf(text: string): { keyId: string; origin: Origin } | undefined {
  const [, keyId, encoded = ''] = WHOLE.exec(text) ?? [];
  if (keyId === undefined) return undefined;
  const [where = '', ...path] = Buffer.from(encoded, 'base64url').toString('utf8').split('#');
  const [namespace = '', group = '', service = ''] = where.split('/');
  return { keyId, origin: { namespace, group, service, path: path.join('#') } };
}

/** Decrypts a whole value; refuses one that was changed, whose key the ring has not, or whose origin is not allowed here. */
export function openSealed(ring: KeyRing, text: string, allowed: (origin: Origin) => boolean): Scalar {
  const sealed = sealOf(text);
  const [, , , encoded = ''] = WHOLE.exec(text) ?? [];
  if (!sealed) throw errors.sealBroken('it is no encrypted value');
  const { keyId, origin } = sealed;
  if (!allowed(origin)) throw errors.sealBroken(`it was encrypted for another place`);
  const key = ring.keys.get(keyId);
  if (!key) throw errors.keyUnknown(keyId);
  const bytes = Buffer.from(encoded, 'base64url');
  // One value has one spelling.
  if (bytes.toString('base64url') !== encoded) throw errors.sealBroken('it was changed');
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  if (tag.length !== TAG_BYTES) throw errors.sealBroken('it is cut off');
  try {
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(text.slice('{cipher}'.length, -encoded.length - 1)));
    decipher.setAuthTag(tag);
    const plain = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    return JSON.parse(plain) as Scalar;
  } catch {
    throw errors.sealBroken('it was changed, or encrypted with another key of this id');
  }
}

/** Decrypts all that is encrypted in a tree; what stands inside of a longer text (by a placeholder) becomes text. */
export function openTree(ring: KeyRing, tree: unknown, allowed: (origin: Origin) => boolean): unknown {
  return mapTexts(tree, (text) => {
    if (!hasSealed(text)) return text;
    if (WHOLE.test(text)) return openSealed(ring, text, allowed);
    return text.replace(ANYWHERE, (part) => String(openSealed(ring, part, allowed)));
  });
}

/** A tree with every text replaced; the same object where nothing changed. */
export function mapTexts(value: unknown, map: (text: string, path: string) => unknown, path = ''): unknown {
  if (typeof value === 'string') return map(value, path);
  if (Array.isArray(value)) {
    const mapped = value.map((inner, at) => mapTexts(inner, map, `${path}[${at}]`));
    return mapped.some((inner, at) => inner !== value[at]) ? mapped : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const mapped = entries.map(([key, inner]) => mapTexts(inner, map, path === '' ? key : `${path}.${key}`));
  return mapped.some((inner, at) => inner !== entries[at]?.[1])
    ? Object.fromEntries(entries.map(([key], at) => [key, mapped[at]]))
    : value;
}

const headOf = (keyId: string, { namespace, group, service, path }: Origin): string =>
  `${keyId}.${Buffer.from(`${namespace}/${group}/${service}#${path}`).toString('base64url')}`;
