import { context } from '@opentelemetry/api';
import { extract, RookeryError } from '@rookery/observability';
import type { Delivery, MessageHandler } from '../messaging.ts';

/** What became of a delivery. */
export type Outcome = { ok: true } | { ok: false; reason: string; hopeless: boolean };

/**
 * Runs the handler within the context that the message carries. A topic that the group once wanted and no longer
 * handles is a failure like any other: during a rolling update another member may still take it.
 */
export async function handle(
  delivery: Delivery,
  topics: ReadonlySet<string>,
  handler: MessageHandler,
): Promise<Outcome> {
  if (!topics.has(delivery.topic)) {
    return { ok: false, reason: `no handler for topic ${delivery.topic}`, hopeless: false };
  }
  try {
    await context.with(extract(delivery.headers), () => handler(delivery));
    return { ok: true };
  } catch (error) {
    return { ok: false, reason: sentence(error), hopeless: isHopeless(error) };
  }
}

/** Whether the handler refused the message as such, so that a further try would be refused as well. */
const isHopeless = (error: unknown): boolean => error instanceof RookeryError && error.status === 400;

const MAX_REASON_LENGTH = 1_000;

function sentence(error: unknown): string {
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown };
  const text = typeof message === 'string' ? message : String(error);
  return (typeof name === 'string' ? `${name}: ${text}` : text).slice(0, MAX_REASON_LENGTH);
}
