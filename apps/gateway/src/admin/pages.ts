import type { Metrics } from '@rookery/observability';
import type { PassiveBreaker } from '@rookery/resilience';
import type { Gateway } from '../gateway.ts';
import type { LiveSettings } from '../live/live-settings.ts';
import type { When } from '../routes/when.ts';
import { WorkerMetrics } from '../workers/worker-metrics.ts';
import type { AdminPage } from './admin-server.ts';
import { liveEvents } from './live-events.ts';

export interface PagesParts {
  gateway: Gateway;
  settings: Pick<LiveSettings, 'version' | 'refused'>;
  metrics: Metrics;
  /** What is shown of resources, by path. */
  resilience: ReadonlyMap<string, AdminPage>;
}

const breakerView = ({ state, retryAfterMs }: PassiveBreaker) => ({ state, retryAfterMs });

/** Everything that administrators can look at; never a filter's settings, which may hold secrets. */
export function adminPages({ gateway, settings, metrics, resilience }: PagesParts): ReadonlyMap<string, AdminPage> {
  const allMetrics = new WorkerMetrics(metrics);
  const pages = new Map<string, AdminPage>([
    ['/admin/routes', () => routes(gateway, settings)],
    ['/admin/instances', () => instances(gateway)],
    ['/admin/breakers', () => breakers(gateway)],
    ['/admin/limits', () => limits(gateway)],
    ...resilience,
    ['/admin/live', (request, response) => liveEvents(gateway, request, response)],
    [
      '/metrics',
      async (_request, response) => {
        const { registry } = metrics;
        response.writeHead(200, { 'content-type': registry.contentType }).end(await allMetrics.text());
      },
    ],
  ]);
  return new Map([['/admin', () => ({ pages: [...pages.keys()] })], ...pages]);
}

function routes(gateway: Gateway, { version, refused }: PagesParts['settings']): object {
  return {
    version,
    /** The last change that is not in force, and why. */
    refused: refused ?? null,
    routes: gateway.routes.routes.map(({ route, chain }) => {
      const { filters: _, when, ...shown } = route;
      return { ...shown, when: whenView(when), filters: chain?.filters.map(({ name }) => name) ?? [] };
    }),
  };
}

/** What a route wants, without the values that a header or a cookie must have: they may be keys. */
function whenView(when: When | undefined): object | null {
  if (!when) return null;
  const names = (record: object | undefined) => (record ? Object.keys(record) : undefined);
  return { ...when, headers: names(when.headers), cookies: names(when.cookies), query: names(when.query) };
}

function instances({ targets }: Gateway): object {
  return {
    services: targets.all().map((target) => ({
      service: target.service,
      open: !target.isInternal,
      instances: target.instances.map((instance) => ({
        id: instance.id,
        address: instance.address,
        port: instance.port,
        grpcPort: instance.grpcPort ?? null,
        weight: instance.weight,
        zone: instance.zone ?? null,
        tls: target.isSecure(instance),
        inFlight: target.inFlightAt(instance.id),
      })),
    })),
  };
}

function breakers({ targets, routes }: Gateway): object {
  return {
    services: targets.all().map(({ service, breaker, budget }) => ({
      service,
      ...breakerView(breaker),
      retriesLeft: budget.available,
    })),
    routes: routes.routes.flatMap(({ route, breakers: own }) =>
      [...(own?.all ?? [])].map(([service, breaker]) => ({ route: route.id, service, ...breakerView(breaker) })),
    ),
  };
}

function limits(gateway: Gateway): object {
  const { maxInFlightPerInstance, connectionsPerInstance, maxHeaders } = gateway.settings;
  return {
    inFlight: gateway.inFlight,
    draining: gateway.isDraining,
    maxInFlightPerInstance,
    connectionsPerInstance,
    maxHeaders,
    filters: gateway.routes.routes.flatMap(({ route, chain }) =>
      (chain?.filters ?? []).flatMap((filter) =>
        filter.state ? [{ route: route.id, filter: filter.name, ...filter.state() }] : [],
      ),
    ),
  };
}
