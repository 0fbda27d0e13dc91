import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuarded } from './guarded-server.ts';
import { type CollectedSpan, type OtlpTraces, readSpans } from './otlp-spans.ts';
import { freePorts } from './ports.ts';
import { findProgram } from './programs.ts';
import type { OwnServer } from './server.ts';

const program = findProgram('otel-collector', join(homedir(), '.cache/rookery/servers/otel-collector'));

/** Whether tests/servers/install-otel-collector has run. */
export const hasOtelCollector = program !== undefined;

/** The OpenTelemetry Collector, which writes down what it has read; `url` is its endpoint of OTLP over HTTP. */
export interface OtelCollector extends OwnServer {
  /** What it has taken so far. */
  spans(): CollectedSpan[];
}

/** A collector of its own; undefined where the program is missing. */
export async function startOtelCollector(): Promise<OtelCollector | undefined> {
  if (!program) return undefined;
  const home = mkdtempSync(join(tmpdir(), 'rookery-otel-collector-'));
  const [port] = (await freePorts(1)) as [number];
  const [config, path] = [join(home, 'config.yaml'), join(home, 'spans.json')];
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
      exporters: { file: { path, flush_interval: '100ms' } },
      service: {
        telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
        pipelines: { traces: { receivers: ['otlp'], exporters: ['file'] } },
      },
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  const server = await startGuarded({
    name: 'otel-collector',
    url,
    command: program,
    args: ['--config', `file:${config}`],
    log: join(home, 'log'),
    home,
    ready: async () => {
      await fetch(url, { signal: AbortSignal.timeout(1_000) });
    },
  });
  const spans = () =>
    readFileSync(path, 'utf8')
      .split('\n')
      .slice(0, -1)
      .flatMap((line) => readSpans(JSON.parse(line) as OtlpTraces));
  return Object.assign(server, { spans });
}
