import 'reflect-metadata';
import type { Server } from 'node:http';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Logger, NestLogger } from '@rookery/observability';
import type { GrpcServer } from '@rookery/rpc';
import { rootModule } from '../application/root-module.ts';
import { ProblemFilter } from '../errors/problem-filter.ts';
import { HttpFront } from '../http/http-front.ts';
import { InternalEndpoints } from '../http/internal-endpoints.ts';
import { expressPlatform, fastifyPlatform, type Platform } from '../http/platform.ts';
import { OpenApiDocument } from '../openapi/document.ts';
import { advertisedAddress } from '../registration/advertised-address.ts';
import { register } from '../registration/register.ts';
import { resilienceStreams } from '../resilience/resilience-streams.ts';
import type { RunningService, ServiceOptions, ServiceUrls } from '../service-options.ts';
import { connectGrpc } from '../transports/grpc.ts';
import { connectMessaging } from '../transports/messaging.ts';
import { SchemaPipe } from '../validation/schema-pipe.ts';
import { type Foundation, layFoundation } from './foundation.ts';
import { authority, httpUrl, listen } from './listen.ts';
import { type Started, stop } from './stop.ts';

const BODY_LIMIT_BYTES = 1024 * 1024;

/** How a start is steered from outside. */
export interface StartHandle {
  environment?: NodeJS.ProcessEnv;
  /** Abandons the start. */
  signal?: AbortSignal;
  /** Gets the logger as soon as there is one. */
  onLogger?: (logger: Logger) => void;
}

/** A service on its way up. */
interface Rising {
  foundation: Foundation;
  options: ServiceOptions;
  bodyLimitBytes: number;
  platform: Platform;
  app: INestApplication;
  started: Started;
  signal: AbortSignal | undefined;
}

/** Brings an application up as a service: create, connect the transports, listen, register. Leaves the process as it is. */
export async function bringUpService(
  application: Type,
  options: ServiceOptions,
  { environment = process.env, signal, onLogger }: StartHandle = {},
): Promise<RunningService> {
  const foundation = await layFoundation(options, environment);
  const { identity, settings, isOn, logger, health, metrics, observed, spans } = foundation;
  onLogger?.(logger);

  const { platform: platformName = 'fastify', bodyLimitBytes = BODY_LIMIT_BYTES } = options;
  const platform = await (platformName === 'express' ? expressPlatform : fastifyPlatform)(
    bodyLimitBytes,
    options.httpServer,
  );
  const root = await rootModule(application, { ...foundation, ...settings });
  const app: INestApplication = await NestFactory.create(root, platform.adapter, {
    logger: new NestLogger(logger),
    abortOnError: false,
    bodyParser: platformName === 'fastify',
  });

  const openapi = new OpenApiDocument(app, foundation.openapi);
  const resilience = async (query: URLSearchParams) => {
    const { resilienceAnswer } = await import('../resilience/resilience-answers.ts');
    return resilienceAnswer(app, query);
  };
  const streams = resilienceStreams(app, foundation);
  const endpoints = new InternalEndpoints({
    health,
    metrics,
    isOn,
    openapi: () => openapi.text(),
    resilience,
    streams,
  });
  const front = new HttpFront({ ...observed, endpoints });
  const started: Started = { logger, health, front, app, spans };
  try {
    const rising = { foundation, options, bodyLimitBytes, platform, app, started, signal };
    const grpc = await initialise(rising);
    const urls = await open(rising, grpc);
    let stopping: Promise<void> | undefined;
    return {
      name: identity.name,
      instance: identity.instance,
      urls,
      app,
      health,
      metrics,
      logger,
      close(reason = 'close() was called') {
        if (stopping) return stopping;
        logger.info({ reason, running: front.running }, 'service stopping');
        stopping = stop(started, settings.shutdownTimeoutMs).then(() => logger.info('service stopped'));
        return stopping;
      },
    };
  } catch (error) {
    await stop(started, 0).catch(() => {});
    throw error;
  }
}

/** Everything up to the point where requests can be served, with no port open yet. */
async function initialise(rising: Rising): Promise<GrpcServer | undefined> {
  const { foundation, options, bodyLimitBytes, platform, app, started } = rising;
  const { identity, settings, isOn, logger, observed } = foundation;
  const grpcOptions = isOn('grpc') ? options.grpc : undefined;
  platform.prepare(app);
  if (options.prefix !== false) app.setGlobalPrefix(options.prefix ?? `api/${identity.name}`);
  if (isOn('validation')) app.useGlobalPipes(new SchemaPipe());
  const grpcFilter = grpcOptions && new (await import('@rookery/rpc')).GrpcErrorFilter();
  app.useGlobalFilters(new ProblemFilter({ adapter: platform.adapter, logger, bodyLimitBytes, grpc: grpcFilter }));
  await options.configure?.(app);
  if (isOn('resilience')) (await import('../resilience/resilience-modules.ts')).useResources(app);

  const { host, grpcPort: port, shutdownTimeoutMs: drainMs } = settings;
  const grpc = grpcOptions && (await connectGrpc(app, { ...observed, grpc: grpcOptions, host, port, drainMs }));
  if (isOn('messaging')) await connectMessaging(app, identity.name, observed);
  await app.init();
  platform.complete();
  started.front.attach(app.getHttpServer() as Server, await options.rawHandler?.(app));
  return grpc;
}

/** Opens the ports, and then tells the registry. */
async function open(rising: Rising, grpc: GrpcServer | undefined): Promise<ServiceUrls> {
  const { foundation, options, app, started, signal } = rising;
  const { identity, settings, isOn, logger } = foundation;
  signal?.throwIfAborted();
  if (app.getMicroservices().length > 0) await app.startAllMicroservices();
  const listening = await listen(app, settings.host, settings.port);
  await options.listening?.(app, listening);
  const { port } = listening;
  const address = advertisedAddress(settings.host, settings.advertiseAddress);
  const grpcPort = grpc?.port;
  if (isOn('discovery')) {
    const { RegistryClient } = await import('@rookery/discovery');
    const instance = {
      id: identity.instance,
      service: identity.name,
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
    };
    started.lease = await register(app.get(RegistryClient, { strict: false }), instance, signal ? { signal } : {});
  }
  const http = httpUrl(address, port);
  logger.info({ http, grpcPort, version: identity.version }, 'service ready');
  return { http, ...(grpcPort !== undefined && { grpc: authority(address, grpcPort) }) };
}
