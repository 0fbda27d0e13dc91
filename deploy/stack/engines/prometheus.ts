import { stringify } from 'yaml';
import type { Engine, World } from '../model.ts';
import { findProgram } from '../native/programs.ts';

const flags = (world: World) => [
  `--config.file=${world.file('prometheus', 'prometheus.yml')}`,
  `--storage.tsdb.path=${world.data('prometheus')}`,
  '--storage.tsdb.retention.time=15d',
  `--web.listen-address=${world.listen}:${world.port('prometheus')}`,
];

/** Prometheus 2: asks Consul who runs, and each instance for its /metrics. */
export const prometheus: Engine = {
  name: 'prometheus',
  purpose: 'Metrics of every instance',
  ports: { main: 9090 },
  portVariable: 'PROMETHEUS_PORT',
  needs: ['consul'],
  files: (world) => ({ 'prometheus.yml': stringify(scrapes(world)) }),
  container: {
    image: 'prom/prometheus:v2.53.4',
    command: flags,
    health: ['CMD', 'promtool', 'check', 'ready'],
    volume: '/prometheus',
    mounts: { '/etc/prometheus/prometheus.yml': './prometheus/prometheus.yml' },
    published: { variable: 'PROMETHEUS_PORT', port: 9090 },
  },
  native: {
    program: () => findProgram('prometheus'),
    install: 'install prometheus (tests/servers/install does)',
    optional: true,
    command: (world, program) => ({ program, args: [...flags(world), '--log.level=warn'] }),
    async ready(world) {
      const response = await fetch(`http://${world.at('prometheus')}/-/ready`, { signal: AbortSignal.timeout(1_000) });
      if (!response.ok) throw new Error(`status ${response.status}`);
    },
  },
};

function scrapes(world: World): object {
  const label = (source: string, target: string) => ({ source_labels: [source], target_label: target });
  return {
    global: { scrape_interval: world.scrapeInterval, evaluation_interval: world.scrapeInterval },
    scrape_configs: [
      {
        job_name: 'rookery',
        ...discovery(world),
        relabel_configs: [
          { source_labels: ['__meta_consul_service'], regex: 'consul', action: 'drop' },
          label('__meta_consul_service', 'service'),
          label('__meta_consul_service_id', 'instance'),
          {
            // Some keep their metrics on a port that their clients do not reach.
            source_labels: ['__address__', '__meta_consul_service_metadata_metrics_port'],
            regex: '(.+):\\d+;(\\d+)',
            replacement: '$1:$2',
            target_label: '__address__',
          },
        ],
      },
    ],
  };
}

const discovery = (world: World) =>
  world.scrapes === 'consul'
    ? { consul_sd_configs: [{ server: world.at('consul'), refresh_interval: world.scrapeInterval }] }
    : {
        file_sd_configs: [
          { files: [world.file('prometheus', 'targets.json')], refresh_interval: world.scrapeInterval },
        ],
      };
