import { stringify } from 'yaml';
import type { Engine, World } from '../model.ts';
import { findProgram } from '../native/programs.ts';

const flags = (world: World) => [
  `--config.file=${world.file('prometheus', 'prometheus.yml')}`,
  `--storage.tsdb.path=${world.data('prometheus')}`,
  '--storage.tsdb.retention.time=15d',
  `--web.listen-address=${world.listen}:${world.port('prometheus')}`,
];

/** Prometheus 2: asks each instance for its /metrics. */
export const prometheus: Engine = {
  name: 'prometheus',
  purpose: 'Metrics of every instance',
  ports: { main: 9090 },
  portVariable: 'PROMETHEUS_PORT',
  files: (world) => ({ 'prometheus.yml': stringify(scrapes(world)) }),
  container: {
    image: 'prom/prometheus:v2.53.4',
    memory: '1g',
    command: flags,
    health: ['CMD', 'promtool', 'query', 'instant', 'http://127.0.0.1:9090', '1'],
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

const scrapes = (world: World): object => ({
  global: { scrape_interval: world.scrapeInterval, evaluation_interval: world.scrapeInterval },
  scrape_configs: [{ job_name: 'rookery', ...world.targets() }],
});
