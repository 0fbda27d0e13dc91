import { consul } from './engines/consul.ts';
import { grafana } from './engines/grafana.ts';
import { postgres } from './engines/postgres.ts';
import { prometheus } from './engines/prometheus.ts';
import { rabbitmq } from './engines/rabbitmq.ts';
import type { Stack, StackApp, World } from './model.ts';

/** The production stack. deploy/compose is written from it, `npm run stack` runs it: there is no second description. */
export const stack: Stack = {
  engines: [consul, postgres, rabbitmq, prometheus, grafana],
  apps: [
    { name: 'gateway', port: 8080, needs: ['consul'], published: { variable: 'GATEWAY_PORT' } },
    {
      name: 'config-center',
      port: 8090,
      needs: ['consul', 'postgres', 'auth'],
      published: { variable: 'CONFIG_CENTER_PORT' },
    },
    { name: 'api-docs', port: 3000, needs: ['consul', 'auth'] },
    { name: 'auth', port: 3000, needs: ['consul', 'postgres'] },
    { name: 'catalog', port: 3000, grpcPort: 3001, needs: ['consul', 'postgres', 'rabbitmq', 'auth'] },
    { name: 'pages', port: 3000, needs: ['consul', 'rabbitmq'] },
    { name: 'orders', port: 3000, needs: ['consul', 'postgres', 'rabbitmq', 'config-center', 'auth'] },
    { name: 'fulfilment', port: 3000, needs: ['consul', 'postgres', 'rabbitmq', 'auth'] },
  ],
};

/** The variables through which an app finds what it needs, in either world. */
export function wiring(app: StackApp, world: World): Record<string, string> {
  return Object.assign(
    app.name === 'auth' ? world.issuer() : {},
    app.name === 'gateway' ? gatewayWiring(world) : {},
    ...app.needs.map((need) => {
      if (need === 'config-center') return { CONFIG_URL: `http://${world.at(need)}` };
      if (need === 'auth') return world.issuer();
      const provides = stack.engines.find(({ name }) => name === need)?.provides;
      if (!provides) throw new Error(`${app.name} needs "${need}", which provides nothing (deploy/stack/stack.ts).`);
      return { [provides.variable]: provides.url(world, app.name) };
    }),
  );
}

/** The gateway checks tokens and follows its settings, but waits for neither: the provider answers behind it. */
const gatewayWiring = (world: World): Record<string, string> => ({
  ...world.issuer(),
  CONFIG_URL: `http://${world.at('config-center')}`,
  GATEWAY_ADMIN_HOST: world.listen,
});

/** Apps with a database of their own; each bears the app's name. */
export const databases: readonly string[] = stack.apps
  .filter(({ needs }) => needs.includes('postgres'))
  .map(({ name }) => name);
