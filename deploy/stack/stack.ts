import { consul } from './engines/consul.ts';
import { grafana } from './engines/grafana.ts';
import { nacos } from './engines/nacos.ts';
import { nginx } from './engines/nginx.ts';
import { postgres } from './engines/postgres.ts';
import { prometheus } from './engines/prometheus.ts';
import { rabbitmq } from './engines/rabbitmq.ts';
import { redis } from './engines/redis.ts';
import type { Stack, StackApp, World } from './model.ts';

/** The production stack. deploy/compose is written from it, `npm run stack` runs it: there is no second description. */
export const stack: Stack = {
  engines: [consul, postgres, rabbitmq, redis, nginx, prometheus, grafana, nacos],
  apps: [
    {
      name: 'gateway',
      port: 8080,
      metricsPort: 8081,
      needs: ['consul'],
      published: { variable: 'GATEWAY_PORT' },
      variables: gatewayWiring,
    },
    {
      name: 'config-center',
      port: 8090,
      needs: ['consul', 'postgres', 'auth'],
      published: { variable: 'CONFIG_CENTER_PORT' },
      variables: servicesToken,
    },
    { name: 'api-docs', port: 3000, needs: ['consul', 'auth'] },
    { name: 'auth', port: 3000, needs: ['consul', 'postgres'], variables: (world) => world.clients() },
    { name: 'catalog', port: 3000, grpcPort: 3001, needs: ['consul', 'postgres', 'rabbitmq', 'auth'] },
    { name: 'pages', port: 3000, needs: ['consul', 'rabbitmq', 'redis'], writes: 'pages', variables: pageFiles },
    { name: 'orders', port: 3000, needs: ['consul', 'postgres', 'rabbitmq', 'config-center', 'auth'] },
    { name: 'fulfilment', port: 3000, needs: ['consul', 'postgres', 'rabbitmq', 'auth'] },
  ],
};

/** The gateway checks tokens and follows its settings, but waits for neither: the provider answers behind it. */
function gatewayWiring(world: World): Record<string, string> {
  return {
    ...world.issuer(),
    CONFIG_URL: `http://${world.at('config-center')}`,
    ...servicesToken(world),
    GATEWAY_ADMIN_HOST: world.listen,
  };
}

/** What the configuration centre lets the platform's own services read with. */
function servicesToken(world: World): Record<string, string> {
  return { CONFIG_TOKEN: world.secret('CONFIG_TOKEN') };
}

/** The variables through which an app finds what it needs, in either world. */
export function wiring(app: StackApp, world: World): Record<string, string> {
  return Object.assign(
    app.name === 'auth' ? world.issuer() : {},
    app.variables?.(world) ?? {},
    ...app.needs.map((need) => {
      if (need === 'config-center') return { CONFIG_URL: `http://${world.at(need)}`, ...servicesToken(world) };
      if (need === 'auth') return world.issuer();
      const provides = stack.engines.find(({ name }) => name === need)?.provides;
      if (!provides) throw new Error(`${app.name} needs "${need}", which provides nothing (deploy/stack/stack.ts).`);
      return { [provides.variable]: provides.url(world, app.name) };
    }),
  );
}

/** Apps with a database of their own; each bears the app's name. */
export const databases: readonly string[] = stack.apps
  .filter(({ needs }) => needs.includes('postgres'))
  .map(({ name }) => name);

/** Scheme 1 of docs/pages.md: with PAGES_AHEAD=true every page is a file too, for nginx to serve. */
function pageFiles(world: World): Record<string, string> {
  return { PAGES_AHEAD: world.setting('PAGES_AHEAD', 'false'), PAGES_FOLDER: world.shared('pages') };
}
