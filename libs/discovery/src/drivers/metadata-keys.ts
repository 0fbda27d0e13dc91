/** What a driver keeps of an instance beside its metadata has keys with this prefix. */
const OWN = 'rookery-';
/** For what an engine has no field. */
export const ID = 'rookery-id';
export const GRPC_PORT = 'rookery-grpc-port';
export const WEIGHT = 'rookery-weight';
export const ZONE = 'rookery-zone';
/** Prefix of a key that is written as its base64url. */
const ENCODED = `${OWN}key-`;

/** How the keys of an instance's metadata are written where an engine keeps them beside others. */
export interface MetadataKeys {
  encoded(key: string): string;
  decoded(key: string): string;
  /** Metadata as the engine keeps it. */
  written(metadata: Readonly<Record<string, string>>): Record<string, string>;
  /** Metadata as it was given; engines of XML have null for what is empty. */
  read(kept: Readonly<Record<string, string | null>>): Record<string, string>;
}

/**
 * Keys that stay as they are where `plain` says so, and any other, also those that would be taken for ours, as base64url.
 * @param plain what the engine takes and does not understand itself
 */
export function metadataKeys(plain: RegExp): MetadataKeys {
  const isPlain = (key: string): boolean =>
    plain.test(key) && !key.toLowerCase().startsWith(OWN) && key !== '__proto__';
  const encoded = (key: string): string => (isPlain(key) ? key : ENCODED + Buffer.from(key).toString('base64url'));
  const decoded = (key: string): string =>
    key.startsWith(ENCODED) ? Buffer.from(key.slice(ENCODED.length), 'base64url').toString() : key;
  return {
    encoded,
    decoded,
    written: (metadata) => Object.fromEntries(Object.entries(metadata).map(([key, value]) => [encoded(key), value])),
    read: (kept) => Object.fromEntries(Object.entries(kept).map(([key, value]) => [decoded(key), value ?? ''])),
  };
}

/** The longest that Consul's Meta takes. */
export const CONSUL_MAX_KEY_CHARS = 128;
export const consulKeys = metadataKeys(/^[A-Za-z0-9_-]{1,128}$/);
/** Servers keep metadata as XML elements; weight and zone are under the keys that Spring reads. */
export const eurekaKeys = metadataKeys(/^(?!weight$|zone$|xml)[A-Za-z_][A-Za-z0-9_.-]*$/i);
/** The zone is under the key that Spring reads. */
export const nacosKeys = metadataKeys(/^(?!zone$)/);
