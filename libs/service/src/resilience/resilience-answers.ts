import type { INestApplication } from '@nestjs/common';
import { explain, hystrixEvents, Resources, snapshot } from '@rookery/resilience';

/**
 * What `/resilience` answers: all resources as they stand, or with `?resource=<name>` how the last calls of one were
 * decided, and why; undefined for a resource that nobody has called and no rule names.
 */
export function resilienceAnswer(app: INestApplication, query: URLSearchParams): object | undefined {
  const resources = app.get(Resources, { strict: false });
  const resource = query.get('resource');
  if (resource === null) return { resources: snapshot(resources) };
  const decisions = explain(resources, resource);
  return decisions && { resource, decisions };
}

/** All resources as one event of a stream. */
export function resilienceEvent(app: INestApplication): string {
  return `data: ${JSON.stringify({ resources: snapshot(app.get(Resources, { strict: false })) })}\n\n`;
}

/** All resources as Hystrix writes its commands; the ping shows that the stream lives where there are none. */
export function hystrixText(app: INestApplication, group: string): string {
  const events = hystrixEvents(app.get(Resources, { strict: false }), group);
  return `ping: \n\n${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}`;
}
