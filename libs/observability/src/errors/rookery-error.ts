/** What an error carries beyond its sentence. */
export interface RookeryErrorOptions {
  /** HTTP status that a caller sees; errors/status.ts maps it to gRPC. 500 when not given. */
  status?: number;
  /** Machine-readable facts for the caller. Never secrets. */
  details?: Record<string, unknown>;
  /** How long the caller should wait before it tries again, in ms; becomes Retry-After. */
  retryAfterMs?: number;
  cause?: unknown;
}

/**
 * An error with a stable code and a sentence that says what was expected, what came and how to mend it.
 * Every error that leaves a library or a service is one of these.
 */
export class RookeryError extends Error {
  readonly status: number;
  readonly details: Record<string, unknown> | undefined;
  readonly retryAfterMs: number | undefined;

  /** @param code upper-case and stable, `DISCOVERY_UNREACHABLE`-like: concern first, then what happened. */
  constructor(
    readonly code: string,
    message: string,
    options: RookeryErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RookeryError';
    this.status = options.status ?? 500;
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
  }
}
