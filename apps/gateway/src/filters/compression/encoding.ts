/** Codings that the gateway can make, the preferred first. */
export const ENCODINGS = ['br', 'zstd', 'gzip'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/**
 * The coding for a client (RFC 9110, 12.5.3): of those with the highest weight the one that `offered` names first; undefined
 * for the body as it is.
 */
export function encodingFor(accept: string | undefined, offered: readonly Encoding[]): Encoding | undefined {
  if (accept === undefined) return undefined;
  const weights = new Map<string, number>();
  for (const part of accept.split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const weight = parameters.find((text) => text.startsWith('q='))?.slice(2) ?? '1';
    weights.set(name === 'x-gzip' ? 'gzip' : name, Number(weight) || 0);
  }
  const weightOf = (name: string): number => weights.get(name) ?? weights.get('*') ?? 0;
  const identity = weights.get('identity') ?? 0;
  let best: Encoding | undefined;
  for (const encoding of offered) {
    const weight = weightOf(encoding);
    if (weight > 0 && weight >= identity && (best === undefined || weight > weightOf(best))) best = encoding;
  }
  return best;
}

const COMPRESSIBLE =
  /^(?:text\/(?!event-stream)|[^;]+\+(?:json|xml|text)\b|application\/(?:json|javascript|xml|xhtml\+xml|graphql|manifest\+json|wasm|x-ndjson|x-javascript|vnd\.ms-fontobject)\b|image\/(?:svg\+xml|bmp|x-icon)\b|font\/(?:ttf|otf|collection)\b)/i;

export interface Body {
  readonly status: number;
  header(name: string): string | undefined;
}

const BODILESS = new Set([204, 205, 206, 304]);

/** Whether a response gets smaller and may be changed on the way. */
export function isCompressible({ status, header }: Body, minBytes: number): boolean {
  if (status < 200 || BODILESS.has(status)) return false;
  const encoding = header('content-encoding');
  if (encoding !== undefined && encoding !== 'identity') return false;
  if (/\bno-transform\b/i.test(header('cache-control') ?? '')) return false;
  if (Number(header('content-length') ?? Number.POSITIVE_INFINITY) < minBytes) return false;
  return COMPRESSIBLE.test(header('content-type') ?? '');
}

/**
 * Whether the size of a compressed body could tell a secret (BREACH): when another site makes a browser send its cookies here
 * again and again, with guesses in the request that stand beside the secret in the response.
 */
export const couldBeMeasured = (header: (name: string) => string | undefined): boolean =>
  header('sec-fetch-site') === 'cross-site' && header('cookie') !== undefined;
