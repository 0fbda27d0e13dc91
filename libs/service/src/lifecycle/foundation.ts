import { randomBytes } from 'node:crypto';
import {
  createLogger,
  Health,
  type Logger,
  Metrics,
  RedMetrics,
  ServiceIdentity,
  SpanExport,
  startTracingWith,
} from '@rookery/observability';
import { packageFacts } from '../application/package-facts.ts';
import { type Concern, concernSwitch } from '../concerns.ts';
import { serviceErrors } from '../errors/service-errors.ts';
import type { OpenApiFacts } from '../openapi/document.ts';
import type { ServiceOptions } from '../service-options.ts';
import { readServiceSettings, type ServiceSettings } from '../settings/service-settings.ts';

const NAME = /^[a-z](-?[a-z0-9])*$/;

/** What stands before the application is made: who the service is, what was set, and where it writes what it does. */
export interface Foundation {
  identity: ServiceIdentity;
  settings: ServiceSettings;
  isOn: (concern: Concern) => boolean;
  logger: Logger;
  health: Health;
  metrics: Metrics;
  /** Where the process's spans go, when somebody wants them and the application does not see to it by itself. */
  spans: SpanExport | undefined;
  /** How each transport is observed. */
  observed: { logger: Logger; red: RedMetrics | undefined; tracing: boolean; accessLog: boolean };
  openapi: OpenApiFacts;
}

/** Checks options and environment, and lays the foundation. */
export async function layFoundation(options: ServiceOptions, environment: NodeJS.ProcessEnv): Promise<Foundation> {
  const { name } = options;
  if (!NAME.test(name)) throw serviceErrors.badName(name);
  const isOn = concernSwitch(options.without);
  const settings = readServiceSettings(environment);
  const facts = packageFacts();
  const identity = new ServiceIdentity({
    name,
    instance: settings.instanceId ?? `${name}-${randomBytes(4).toString('hex')}`,
    version: options.version ?? facts.version ?? '0.0.0',
    ...(settings.zone !== undefined && { zone: settings.zone }),
  });
  const logger = createLogger({ service: name, level: settings.logLevel }).child({ instance: identity.instance });
  const spans = isOn('tracing')
    ? await SpanExport.open(identity, environment, (fields) => logger.warn(fields))
    : undefined;
  if (isOn('tracing')) startTracingWith(spans?.tracer ?? {});
  const metrics = new Metrics(name);
  return {
    identity,
    settings,
    isOn,
    logger,
    health: new Health(),
    metrics,
    spans,
    observed: {
      logger,
      red: isOn('metrics') ? new RedMetrics(metrics) : undefined,
      tracing: isOn('tracing'),
      accessLog: isOn('access-log'),
    },
    openapi: {
      title: options.openapi?.title ?? name,
      version: options.openapi?.version ?? identity.version,
      description: options.openapi?.description ?? options.description ?? facts.description,
    },
  };
}
