import type { Instance } from '@rookery/discovery';
import { request } from 'undici';
import { DocumentError } from './errors.ts';

export interface FetchLimits {
  /** From the first byte sent to the last one read. */
  timeoutMs: number;
  maxBytes: number;
}

/** What an instance answered: a document, or that the one we have is still the newest. */
export type Fetched = { changed: true; text: string; etag: string | undefined } | { changed: false };

/** Where an instance says that its document stands. A document of another host is refused. */
export function documentUrl(instance: Instance, path: string): URL {
  const host = instance.address.includes(':') ? `[${instance.address}]` : instance.address;
  const origin = `http://${host}:${instance.port}`;
  const url = URL.canParse(path, origin) ? new URL(path, origin) : undefined;
  if (!path.startsWith('/') || url?.origin !== new URL(origin).origin) {
    throw new DocumentError('DOCS_BAD_PATH', 'The instance registered `openapi` metadata that is not a path.');
  }
  return url;
}

/** Reads the document of one instance within a deadline and a size, or throws {@link DocumentError}. */
export async function fetchDocument(url: URL, etag: string | undefined, limits: FetchLimits): Promise<Fetched> {
  const signal = AbortSignal.timeout(limits.timeoutMs);
  try {
    const { statusCode, headers, body } = await request(url, {
      signal,
      headers: { accept: 'application/json', ...(etag ? { 'if-none-match': etag } : {}) },
    });
    if (statusCode === 304) {
      await body.dump();
      return { changed: false };
    }
    if (statusCode !== 200) {
      await body.dump({ limit: 65_536 });
      throw new DocumentError('DOCS_STATUS', `The service answered ${statusCode} instead of its document.`);
    }
    const text = await readAtMost(body, limits.maxBytes);
    return { changed: true, text, etag: typeof headers.etag === 'string' ? headers.etag : undefined };
  } catch (error) {
    if (error instanceof DocumentError) throw error;
    if (signal.aborted) {
      throw new DocumentError('DOCS_TIMEOUT', `The service did not answer within ${limits.timeoutMs} ms.`, error);
    }
    throw new DocumentError('DOCS_UNREACHABLE', 'No connection to the service.', error);
  }
}

async function readAtMost(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new DocumentError('DOCS_TOO_LARGE', `The document is larger than ${maxBytes / 1_048_576} MiB.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
