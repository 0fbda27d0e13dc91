import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import type { Health, Logger, Metrics } from '@rookery/observability';
import type { Concern } from './concerns.ts';

/** The gRPC side of a service: its proto package or packages, and the files that define them. */
export interface GrpcOptions {
  package: string | string[];
  protoPath: string | string[];
}

/** What the service says of itself in its OpenAPI document. */
export interface OpenApiOptions {
  /** The service's name when not given. */
  title?: string;
  description?: string;
  version?: string;
}

/**
 * Sees each HTTP request before Nest does. Answers true when it has taken the request over, and then ends the response
 * itself; such requests count as running ones during a drain like all others. This is the gateway's data path.
 */
export type RawHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/** How {@link startService} runs an application. Only the name must be given. */
export interface ServiceOptions {
  /** Name in the registry, in logs and metrics, and in the URL prefix. Lower case, digits and dashes. */
  name: string;
  /** For the registry, the logs and the OpenAPI document; `0.0.0` when not given. */
  version?: string;
  /** One line for the OpenAPI document. */
  description?: string;
  /** Path under which the controllers answer; `/api/<name>` when not given, none when false. */
  prefix?: string | false;
  /** `fastify` when not given. `express` needs @nestjs/platform-express in the application's package.json. */
  platform?: 'fastify' | 'express';
  /** Serves gRPC controllers too, on GRPC_PORT. */
  grpc?: GrpcOptions;
  /** Switches concerns off by name. */
  without?: readonly Concern[];
  openapi?: OpenApiOptions;
  /** Largest request body taken, in bytes; 1 MiB when not given. Larger ones answer 413. */
  bodyLimitBytes?: number;
  /** Facts for the registry beside ours. Never secrets. */
  metadata?: Readonly<Record<string, string>>;
  /** What node's HTTP server is made with beside what the service sets; for `fastify` only. */
  httpServer?: ServerOptions;
  /** Runs on the created application before it initialises: mounts static files, raw routes, extra pipes. */
  configure?: (app: INestApplication) => void | Promise<void>;
  /** Made once after the application has initialised; sees each request before Nest does. */
  rawHandler?: (app: INestApplication) => RawHandler | Promise<RawHandler>;
  /** Runs once the HTTP port is open, before the registry is told: for more ports at its address. A failure fails the start. */
  listening?: (app: INestApplication, address: AddressInfo) => void | Promise<void>;
}

/** Where a service answers. */
export interface ServiceUrls {
  /** `http://127.0.0.1:41233`, without a slash at the end. */
  http: string;
  /** `127.0.0.1:4444`, where the service has a gRPC side. */
  grpc?: string;
}

/** A service that has started and is registered. */
export interface RunningService {
  readonly name: string;
  /** INSTANCE_ID; unique in the registry. */
  readonly instance: string;
  readonly urls: ServiceUrls;
  readonly app: INestApplication;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Drains and closes in order, as on SIGTERM, but leaves the process running. Calls after the first get its promise. */
  close(reason?: string): Promise<void>;
}
