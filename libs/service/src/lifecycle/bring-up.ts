import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  createLogger,
  Health,
  type Logger,
  Metrics,
  NestLogger,
  RedMetrics,
  ServiceIdentity,
  startTracing,
} from '@rookery/observability';
import { packageFacts } from '../application/package-facts.ts';
import { rootModule } from '../application/root-module.ts';
import { concernSwitch } from '../concerns.ts';
import { ProblemFilter } from '../errors/problem-filter.ts';
import { serviceErrors } from '../errors/service-errors.ts';
import { HttpFront } from '../http/http-front.ts';
import { InternalEndpoints } from '../http/internal-endpoints.ts';
import { expressPlatform, fastifyPlatform } from '../http/platform.ts';
import { buildOpenApi } from '../openapi/document.ts';
import { advertisedAddress } from '../registration/advertised-address.ts';
import { register } from '../registration/register.ts';
import type { RunningService, ServiceOptions, ServiceUrls } from '../service-options.ts';
import { readServiceSettings } from '../settings/service-settings.ts';
import { connectGrpc } from '../transports/grpc.ts';
import { connectMessaging } from '../transports/messaging.ts';
import { SchemaPipe } from '../validation/schema-pipe.ts';
import { authority, httpUrl, listen } from './listen.ts';
import { type Started, stop } from './stop.ts';

const NAME = /^[a-z](-?[a-z0-9])*$/;
const BODY_LIMIT_BYTES = 1024 * 1024;

/** Where the parts of a start that is still going on are found, for a stop that comes in between. */
export interface StartHandle {
  environment?: NodeJS.ProcessEnv;
  /** Aborts the start. */
  signal?: AbortSignal;
  /** Gets the logger as soon as there is one. */
  onLogger?: (logger: Logger) => void;
}

/**
 * Brings an application up as a service, and leaves the process as it is.
 */
export async function bringUpService(
  application: Type,
  options: ServiceOptions,
  { environment = process.env, signal, onLogger }: StartHandle = {},
): Promise<RunningService> {
  const { name, platform: platformName = 'fastify', bodyLimitBytes = BODY_LIMIT_BYTES } = options;
  if (!NAME.test(name)) throw serviceErrors.badName(name);
  const isOn = concernSwitch(options.without);
  const settings = readServiceSettings(environment);
  const facts = packageFacts();
  const identity = new ServiceIdentity({
    name,
    instance: settings.instanceId ?? `${name}-${randomBytes(4).toString('hex')}`,
    version: options.version ?? facts.version ?? '0.0.0',
    ...(settings.zone && { zone: settings.zone }),
  });
  const logger = createLogger({ service: name, level: settings.logLevel }).child({ instance: identity.instance });
  onLogger?.(logger);
  if (isOn('tracing')) startTracing();
  const health = new Health();
  const metrics = new Metrics(name);
  const red = isOn('metrics') ? new RedMetrics(metrics) : undefined;
  const observed = { logger, red, tracing: isOn('tracing'), accessLog: isOn('access-log') };

  let openapi: Promise<string> | undefined;
  const openApiFacts = {
    title: options.openapi?.title ?? name,
    version: options.openapi?.version ?? identity.version,
    description: options.openapi?.description ?? options.description ?? facts.description,
  };
  const endpoints = new InternalEndpoints({
    health,
    metrics,
    isOn,
    openapi: () => {
      openapi ??= buildOpenApi(app, openApiFacts);
      return openapi;
    },
  });
  const front = new HttpFront({ ...observed, endpoints });
  const started: Started = { logger, health, front, transports: [] };

  let stopping: Promise<void> | undefined;
  const close = (reason = 'close() was called'): Promise<void> => {
    stopping ??= stop(started, settings.shutdownTimeoutMs, reason);
    return stopping;
  };

  const platform = await (platformName === 'express' ? expressPlatform : fastifyPlatform)(bodyLimitBytes);
  const root = await rootModule(application, {
    identity,
    logger,
    health,
    metrics,
    discoveryUrl: settings.discoveryUrl,
    isOn,
  });
  const app: INestApplication = await NestFactory.create(root, platform.adapter, {
    logger: new NestLogger(logger),
    abortOnError: false,
    bodyParser: platformName === 'fastify',
  });
  started.app = app;

  const urls = await up();
  return { name, instance: identity.instance, urls, app, health, metrics, logger, close };

  async function up(): Promise<ServiceUrls> {
    try {
      return await bringUp();
    } catch (error) {
      await stop(started, 0, 'the start failed').catch(() => {});
      throw error;
    }
  }

  async function bringUp(): Promise<ServiceUrls> {
    platform.prepare(app);
    if (options.prefix !== false) app.setGlobalPrefix(options.prefix ?? `api/${name}`);
    if (isOn('validation')) app.useGlobalPipes(new SchemaPipe());
    const withGrpc = options.grpc !== undefined && isOn('grpc');
    const grpcFilter = withGrpc ? new (await import('@rookery/rpc')).GrpcErrorFilter() : undefined;
    app.useGlobalFilters(new ProblemFilter({ adapter: platform.adapter, logger, bodyLimitBytes, grpc: grpcFilter }));
    await options.configure?.(app);

    const grpc = withGrpc
      ? await connectGrpc(app, {
          ...observed,
          grpc: options.grpc ?? { package: [], protoPath: [] },
          host: settings.host,
          port: settings.grpcPort,
          drainMs: settings.shutdownTimeoutMs,
        })
      : undefined;
    if (grpc) started.transports.push(grpc);
    const messaging = isOn('messaging') ? await connectMessaging(app, name, observed) : undefined;
    if (messaging) started.transports.push(messaging);

    await app.init();
    platform.complete();
    front.attach(app.getHttpServer() as Server, await options.rawHandler?.(app));
    signal?.throwIfAborted();
    if (started.transports.length > 0) await app.startAllMicroservices();
    const port = await listen(app, settings.host, settings.port);
    const address = advertisedAddress(settings.host, settings.advertiseAddress);
    const grpcPort = grpc?.port;

    if (isOn('discovery')) {
      const { RegistryClient } = await import('@rookery/discovery');
      started.lease = await register(
        app.get(RegistryClient, { strict: false }),
        {
          id: identity.instance,
          service: name,
          address,
          port,
          ...(grpcPort !== undefined && { grpcPort }),
          weight: 1,
          ...(identity.zone !== undefined && { zone: identity.zone }),
          metadata: {
            version: identity.version,
            ...(isOn('openapi') && { openapi: '/openapi.json' }),
            ...options.metadata,
          },
        },
        signal ? { signal } : {},
      );
    }
    logger.info({ http: httpUrl(address, port), grpcPort, version: identity.version }, 'service ready');
    return {
      http: httpUrl(address, port),
      ...(grpcPort !== undefined && { grpc: authority(address, grpcPort) }),
    };
  }
}
