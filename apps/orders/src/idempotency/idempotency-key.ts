import { RookeryError } from '@rookery/observability';

const PRINTABLE = /^[\x21-\x7e]{1,255}$/;

/** The value of an Idempotency-Key header, as it may be. */
export function idempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined || PRINTABLE.test(header)) return header;
  throw new RookeryError(
    'IDEMPOTENCY_KEY_INVALID',
    'An Idempotency-Key is 1 to 255 printable characters without spaces.',
    {
      status: 400,
    },
  );
}
