import type { INestApplication } from '@nestjs/common';
import type { Health, Logger, ServiceIdentity } from '@rookery/observability';
import { EventChannel } from '../http/event-channel.ts';

const EVERY_MS = 1_000;
/** As Hystrix' own servlet does. */
const HYSTRIX_EVERY_MS = 500;

export interface StreamFoundation {
  identity: ServiceIdentity;
  health: Health;
  logger: Logger;
}

/** The resources as they stand, again and again: `/resilience/stream`, and `/hystrix.stream` for dashboards of Hystrix. */
export function resilienceStreams(
  app: INestApplication,
  { identity, health, logger }: StreamFoundation,
): ReadonlyMap<string, EventChannel> {
  const ending = health.draining;
  const onError = (error: unknown) => logger.error({ error }, 'resources cannot be shown');
  const answers = () => import('./resilience-answers.ts');
  const states = new EventChannel({
    everyMs: EVERY_MS,
    ending,
    onError,
    text: async () => (await answers()).resilienceEvent(app),
  });
  const commands = new EventChannel({
    everyMs: HYSTRIX_EVERY_MS,
    ending,
    onError,
    text: async () => (await answers()).hystrixText(app, identity.name),
  });
  return new Map([
    ['/resilience/stream', states],
    ['/hystrix.stream', commands],
  ]);
}
