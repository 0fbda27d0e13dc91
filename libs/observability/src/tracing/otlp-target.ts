import { RookeryError } from '../errors/rookery-error.ts';

/** Where spans are sent, and how they are written. */
export interface OtlpTarget {
  readonly url: string;
  readonly format: 'protobuf' | 'json';
}

const FORMATS: Readonly<Record<string, OtlpTarget['format']>> = { 'http/protobuf': 'protobuf', 'http/json': 'json' };

/** Reads the variables that OpenTelemetry's SDKs read; undefined where nobody wants spans. */
export function readOtlpTarget(environment: Readonly<Record<string, string | undefined>>): OtlpTarget | undefined {
  if (environment.OTEL_SDK_DISABLED === 'true' || environment.OTEL_TRACES_EXPORTER === 'none') return undefined;
  const own = environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const common = environment.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!own && !common) return undefined;
  const protocol = environment.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || environment.OTEL_EXPORTER_OTLP_PROTOCOL;
  const format = FORMATS[protocol || 'http/protobuf'];
  if (!format) {
    throw new RookeryError(
      'OTLP_PROTOCOL',
      `OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}: expected ${Object.keys(FORMATS).join(' or ')}.`,
    );
  }
  const name = own ? 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' : 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const given = own || common || '';
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
    throw new RookeryError('OTLP_ENDPOINT', `${name} is no URL: expected one like http://127.0.0.1:4318.`);
  // The common endpoint is the root of all signals, the own one is complete.
  return { url: own || `${given.replace(/\/$/, '')}/v1/traces`, format };
}
