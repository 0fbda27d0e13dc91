import type { Secret, StackApp, World } from '../model.ts';
import { stack } from '../stack.ts';

export const engineNamed = (name: string) => stack.engines.find((engine) => engine.name === name);
const appNamed = (name: string) => stack.apps.find((app) => app.name === name);

/** A variable that compose reads from `.env` or its environment, with what holds when it is unset. */
export const or = (name: string, value: string): string => `\${${name}:-${value}}`;

/** The stack inside docker compose: names instead of addresses, and secrets that compose reads from `.env`. */
export const composeWorld: World = {
  listen: '0.0.0.0',
  // Prometheus reads its file as it stands: nothing is filled in there.
  scrapeInterval: '15s',
  at: (part, port = 'main') => `${part}:${composeWorld.port(part, port)}`,
  port: (part, port = 'main') => {
    const number = engineNamed(part)?.ports[port] ?? appNamed(part)?.port;
    if (number === undefined) throw new Error(`${part} has no port "${port}" (deploy/stack).`);
    return number;
  },
  secret: (name: Secret) => `\${${name}:?is missing: run deploy/compose/make-env}`,
  setting: or,
  // Clients know the issuer by the gateway's public URL; the apps reach it by its name.
  issuer: () => ({
    AUTH_ISSUER_URL: or('AUTH_ISSUER_URL', 'http://127.0.0.1:8080/auth'),
    AUTH_ISSUER_ADDRESS: `http://${composeWorld.at('gateway')}/auth`,
  }),
  clients: () => ({ AUTH_CLIENTS: JSON.stringify([operator()]) }),
  targets,
  data: (engine) => engineNamed(engine)?.container.volume ?? '/data',
  shared: (folder) => `/var/lib/rookery/${folder}`,
  file: (engine, name) => {
    const mounts = Object.keys(engineNamed(engine)?.container.mounts ?? {});
    const path = mounts.find((inside) => inside.endsWith(`/${name}`));
    if (!path) throw new Error(`${engine} mounts no ${name} (deploy/stack/engines/${engine}.ts).`);
    return path;
  },
};

/** Who runs the stack; gets tokens that allow everything, as `npm start` gives them to this machine. */
const operator = () => ({
  id: 'rookery-dev',
  name: 'Whoever runs this stack',
  secret: composeWorld.secret('AUTH_CLIENT_SECRET'),
  permissions: ['*'],
});

/** Docker's DNS names every instance of a service, and every build of Prometheus can ask it. */
function targets(): object {
  const metricsAt = ({ port, metricsPort = port }: StackApp) => metricsPort;
  const ports = [...new Set(stack.apps.map(metricsAt))];
  return {
    dns_sd_configs: ports.map((port) => ({
      names: stack.apps.filter((app) => metricsAt(app) === port).map(({ name }) => name),
      type: 'A',
      port,
      refresh_interval: '15s',
    })),
    relabel_configs: [{ source_labels: ['__meta_dns_name'], target_label: 'service' }],
  };
}
