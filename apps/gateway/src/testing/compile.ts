import { createLogger, Metrics } from '@rookery/observability';
import type { Random } from '@rookery/resilience';
import { Shared } from '../filters/shared.ts';
import type { RequestFacts } from '../routes/request-facts.ts';
import { RouteSet } from '../routes/route-set.ts';
import { FakeRegistry } from './fake-registry.ts';
import { parseSettings } from './parse-settings.ts';

/** Routes as the gateway compiles them, without a gateway. */
export function compile(
  settings: unknown,
  { random = Math.random, clock = Date.now }: { random?: Random; clock?: () => number } = {},
): RouteSet {
  return RouteSet.make({
    ...parseSettings(settings),
    registry: new FakeRegistry(),
    targets: undefined as never,
    metrics: new Metrics('gateway'),
    logger: createLogger({ service: 'gateway', level: 'silent' }),
    shared: new Shared(),
    environment: {},
    clock,
    random,
  });
}

/** A request that says nothing but what is given. */
export const factsOf = (given: Partial<RequestFacts> = {}): RequestFacts => ({
  method: 'GET',
  hostName: 'shop.example',
  clientAddress: '127.0.0.1',
  lane: undefined,
  header: () => undefined,
  queryValue: () => undefined,
  cookie: () => undefined,
  share: (_group, _sticky, random) => random(),
  ...given,
});
