import { dirname, join, resolve } from 'node:path';
import type { Engine, World } from '../model.ts';
import { findProgram } from '../native/programs.ts';

const FOLDER = resolve(import.meta.dirname, '../../compose/grafana');

const environment = (world: World, dashboards: string) => ({
  GF_SECURITY_ADMIN_PASSWORD: world.secret('GRAFANA_PASSWORD'),
  GF_ANALYTICS_REPORTING_ENABLED: 'false',
  GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
  GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: `${dashboards}/services.json`,
  DASHBOARDS: dashboards,
  PROMETHEUS_URL: `http://${world.at('prometheus')}`,
});

/** Grafana 11 with its data source and dashboard provisioned. No Debian package has it: natively only where it is found. */
export const grafana: Engine = {
  name: 'grafana',
  purpose: 'Dashboards',
  ports: { main: 3000 },
  portVariable: 'GRAFANA_PORT',
  needs: ['prometheus'],
  container: {
    image: 'grafana/grafana:11.5.2',
    memory: '512m',
    environment: (world) => environment(world, '/etc/grafana/dashboards'),
    health: ['CMD', 'wget', '--quiet', '--output-document=/dev/null', 'http://127.0.0.1:3000/api/health'],
    volume: '/var/lib/grafana',
    mounts: {
      '/etc/grafana/provisioning': './grafana/provisioning',
      '/etc/grafana/dashboards': './grafana/dashboards',
    },
    published: { variable: 'GRAFANA_PORT', port: 3000 },
  },
  native: {
    program: () => findProgram('/usr/share/grafana/bin/grafana', 'grafana'),
    install: 'it comes from grafana.com, not from Debian',
    optional: true,
    command: (world, program) => ({
      program,
      args: ['server', '--homepath', join(dirname(program), '..')],
      environment: {
        ...environment(world, join(FOLDER, 'dashboards')),
        GF_SERVER_HTTP_ADDR: world.listen,
        GF_SERVER_HTTP_PORT: String(world.port('grafana')),
        GF_PATHS_DATA: world.data('grafana'),
        GF_PATHS_LOGS: world.data('grafana'),
        GF_PATHS_PLUGINS: join(world.data('grafana'), 'plugins'),
        GF_PATHS_PROVISIONING: join(FOLDER, 'provisioning'),
      },
    }),
    async ready(world) {
      const response = await fetch(`http://${world.at('grafana')}/api/health`, { signal: AbortSignal.timeout(1_000) });
      if (!response.ok) throw new Error(`status ${response.status}`);
    },
  },
};
