import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import type { Lease } from '@rookery/discovery';
import { type Health, type Logger, type SpanExport, within } from '@rookery/observability';
import type { HttpFront } from '../http/http-front.ts';

/** How long callers that have just read the registry may still come, after this instance has left it. */
const LINGER_MS = 200;
/** How long the application's own hooks may take, once nothing runs any more. */
const CLOSE_WITHIN_MS = 5_000;

/** What a service has taken into use so far; a stop during the start finds only part of it. */
export interface Started {
  logger: Logger;
  health: Health;
  front: HttpFront;
  app: INestApplication;
  /** Closed last: what runs until then has spans too. */
  spans?: SpanExport | undefined;
  lease?: Lease;
}

/**
 * The way down, in the order that loses nothing: not ready, out of the registry, no new requests, running ones end, and
 * only then the application's modules, whose pools the running requests still needed.
 */
export async function stop(started: Started, timeoutMs: number): Promise<void> {
  const { logger, health, front, app, lease } = started;
  health.drain();
  front.startDraining();
  if (lease) {
    await within(lease.release(), CLOSE_WITHIN_MS);
    await delay(Math.min(LINGER_MS, timeoutMs));
  }
  // The servers alone: close() of a microservice would run the application's hooks under the running handlers.
  const others = Promise.allSettled(app.getMicroservices().map(async (each) => each.getTransportServer().close()));
  const [cutOff, othersEnded] = await Promise.all([front.drain(timeoutMs), within(others, timeoutMs)]);
  if (cutOff > 0) logger.warn({ cutOff, timeoutMs }, 'requests cut off');
  if (!othersEnded) logger.warn({ timeoutMs }, 'handlers cut off');
  if (!(await within(app.close(), CLOSE_WITHIN_MS))) {
    logger.warn({ timeoutMs: CLOSE_WITHIN_MS }, 'modules did not close in time');
  }
  await started.spans?.close();
}
