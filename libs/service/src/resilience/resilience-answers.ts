import type { INestApplication } from '@nestjs/common';
import { explain, Resources, snapshot } from '@rookery/resilience';

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
