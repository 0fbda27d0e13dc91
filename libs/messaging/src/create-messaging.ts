import { reasonOf, type WaitOptions, waitFor } from '@rookery/database';
import { RookeryError } from '@rookery/observability';
import { errors } from './errors.ts';
import type { Messaging } from './messaging.ts';

export interface MessagingOptions extends WaitOptions {
  /** Deadline of one call to the engine, in ms; 10000. */
  timeoutMs?: number;
  /** A consumer that shows no life for so long is dead and its messages go to others, in ms; 5000. Postgres only. */
  consumerTimeoutMs?: number;
}

type Driver = (
  url: URL,
  options: Required<Pick<MessagingOptions, 'timeoutMs' | 'consumerTimeoutMs'>>,
) => Promise<Messaging>;

/** By scheme; loaded when it is asked for. */
const drivers: Record<string, () => Promise<Driver>> = {
  'postgres:': async () => (await import('./drivers/postgres/postgres.ts')).connectPostgres,
  'postgresql:': async () => (await import('./drivers/postgres/postgres.ts')).connectPostgres,
  'amqp:': async () => (await import('./drivers/rabbitmq/rabbitmq.ts')).connectRabbitmq,
  'amqps:': async () => (await import('./drivers/rabbitmq/rabbitmq.ts')).connectRabbitmq,
};

/** Connects to the engine that the URL's scheme names; waits for it like the database does. */
export async function createMessaging(
  value: string | undefined = process.env.MESSAGING_URL,
  options: MessagingOptions = {},
): Promise<Messaging> {
  const { timeoutMs = 10_000, consumerTimeoutMs = 5_000, waitMs = 60_000 } = options;
  const url = parse(value);
  const driver = await load(url.protocol);
  const waited = { what: 'messaging', mends, reasonOf };
  try {
    const limits = { timeoutMs: Math.min(timeoutMs, waitMs), consumerTimeoutMs };
    return await waitFor(() => driver(url, limits), waited, { ...options, waitMs });
  } catch (error) {
    if (error instanceof RookeryError && error.code !== 'MESSAGING_UNREACHABLE') throw error;
    throw errors.notThere(url, waitMs, error);
  }
}

/** Waiting does not mend a wrong setting. */
const mends = (error: unknown): boolean => !(error instanceof RookeryError) || error.status === 503;

function parse(value: string | undefined): URL {
  if (!value) throw errors.urlInvalid('is not set');
  if (!URL.canParse(value)) throw errors.urlInvalid('is not a URL');
  const url = new URL(value);
  if (!(url.protocol in drivers)) throw errors.urlInvalid(`has the scheme ${url.protocol}//`);
  if (url.protocol.startsWith('postgres') && url.pathname.length < 2) throw errors.urlInvalid('names no database');
  return url;
}

async function load(scheme: string): Promise<Driver> {
  try {
    return (await drivers[scheme]?.()) as Driver;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw errors.urlInvalid(`has the scheme ${scheme}//, whose client package is not installed (${reasonOf(error)})`);
  }
}
