import type { Engine } from '../model.ts';

/** Grafana 11 with its data source and dashboard provisioned. No Debian package has it: only in docker compose. */
export const grafana: Engine = {
  name: 'grafana',
  purpose: 'Dashboards',
  ports: { main: 3000 },
  portVariable: 'GRAFANA_PORT',
  needs: ['prometheus'],
  container: {
    image: 'grafana/grafana:11.5.2',
    environment: (world) => ({
      GF_SECURITY_ADMIN_PASSWORD: world.secret('GRAFANA_PASSWORD'),
      GF_ANALYTICS_REPORTING_ENABLED: 'false',
      GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
      GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: '/etc/grafana/dashboards/services.json',
      PROMETHEUS_URL: `http://${world.at('prometheus')}`,
    }),
    health: ['CMD', 'wget', '--quiet', '--output-document=/dev/null', 'http://127.0.0.1:3000/api/health'],
    volume: '/var/lib/grafana',
    mounts: {
      '/etc/grafana/provisioning': './grafana/provisioning',
      '/etc/grafana/dashboards': './grafana/dashboards',
    },
    published: { variable: 'GRAFANA_PORT', port: 3000 },
  },
};
