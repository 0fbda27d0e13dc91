import type { WaitOptions } from '@rookery/database';
import { RookeryError } from '@rookery/observability';
import type { Messaging } from './messaging.ts';

export interface MessagingOptions extends WaitOptions {
  /** Deadline of one call to the engine, in ms; 10000. */
  timeoutMs?: number;
}

/** Connects to the engine that the URL's scheme names; waits for it like the database does. */
export async function createMessaging(
  url: string | undefined = process.env.MESSAGING_URL,
  _options: MessagingOptions = {},
): Promise<Messaging> {
  throw new RookeryError('NOT_IMPLEMENTED', `createMessaging(${url}) comes within minutes.`);
}
