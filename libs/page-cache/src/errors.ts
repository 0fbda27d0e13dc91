import { RookeryError } from '@rookery/observability';

/** One line that says why, without secrets. */
export const reasonOf = (error: unknown): string => {
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  return (inner instanceof Error && inner.message) || String(inner);
};

/** Every error of this library: code, sentence, status. */
export const errors = {
  urlInvalid: (what: string): RookeryError =>
    new RookeryError(
      'CACHE_URL_INVALID',
      `CACHE_URL ${what}; expected redis://user:password@host:port/database, or nothing for a cache in the process.`,
    ),

  notThere: (url: URL, waitMs: number, cause: unknown): RookeryError =>
    new RookeryError(
      'PAGE_CACHE_UNREACHABLE',
      `The page cache at ${url.host} (CACHE_URL) did not answer within ${waitMs / 1_000} s: ${reasonOf(cause)}.`,
      { status: 503, cause },
    ),

  unreachable: (cause: unknown): RookeryError =>
    new RookeryError(
      'PAGE_CACHE_UNREACHABLE',
      `The page cache (CACHE_URL) does not answer: ${reasonOf(cause)}. Try again shortly.`,
      { status: 503, retryAfterMs: 1_000, cause },
    ),

  closed: (): RookeryError =>
    new RookeryError('PAGE_CACHE_CLOSED', 'The page cache was closed by this process.', { status: 503 }),

  tooLarge: (key: string, bytes: number, limitBytes: number): RookeryError =>
    new RookeryError(
      'PAGE_CACHE_TOO_LARGE',
      `The value of ${key} has ${bytes} bytes; at most ${limitBytes} are cached (maxValueBytes).`,
      { status: 413, details: { key, bytes, limitBytes } },
    ),

  versionInvalid: (key: string, version: number): RookeryError =>
    new RookeryError(
      'PAGE_CACHE_VERSION_INVALID',
      `The version of ${key} is ${version}; expected a whole number of 0 or more.`,
      { status: 400 },
    ),
};
