import { context } from '@opentelemetry/api';
import { extract, RookeryError, runWithRequest } from '@rookery/observability';
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
    const { principal } = delivery;
    const run = () => handler(delivery);
    await context.with(extract(delivery.headers), principal ? () => runWithRequest({ principal }, run) : run);
    return { ok: true };
  } catch (error) {
    return { ok: false, reason: sentence(error), hopeless: isHopeless(error) };
  }
}

/** Refused as such, or because of who sent it: a further try would be refused as well. */
const HOPELESS = [400, 401, 403];

const isHopeless = (error: unknown): boolean => error instanceof RookeryError && HOPELESS.includes(error.status);

const MAX_REASON_LENGTH = 1_000;

function sentence(error: unknown): string {
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown };
  const text = typeof message === 'string' ? message : String(error);
  return (typeof name === 'string' ? `${name}: ${text}` : text).slice(0, MAX_REASON_LENGTH);
}
