import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { knownHttpError } from '../errors/http-errors.ts';
import { serviceErrors } from '../errors/service-errors.ts';
import { sendProblem } from './send-problem.ts';
import { inContextOf, servedRequest, setRoute } from './served-request.ts';

/** How long a request may take to arrive whole, against clients that send a byte a minute. */
const REQUEST_ARRIVES_WITHIN_MS = 60_000;

export interface Platform {
  adapter: AbstractHttpAdapter;
  /** Sets up body parsing where the adapter needs the application for it. */
  prepare(app: INestApplication): void;
  /** Sets up what must come after all routes of the application. */
  complete(): void;
}

/** Nest on Fastify; a body above the limit answers 413 before it is read. */
export async function fastifyPlatform(bodyLimitBytes: number, http: ServerOptions = {}): Promise<Platform> {
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  const adapter = new FastifyAdapter({
    http,
    bodyLimit: bodyLimitBytes,
    requestTimeout: REQUEST_ARRIVES_WITHIN_MS,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 1_024 },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    logger: false,
    frameworkErrors: (error: FastifyError, { raw }: FastifyRequest, reply: FastifyReply) => {
      reply.hijack();
      const known = knownHttpError(error, { method: raw.method ?? '', url: raw.url ?? '', bodyLimitBytes });
      sendProblem(reply.raw, known ?? error, servedRequest(raw)?.trace?.traceId);
    },
  });
  const fastify = adapter.getInstance();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { url } = request.routeOptions;
    if (url !== undefined) setRoute(request.raw, url);
    done();
  });
  fastify.addHook('preValidation', (request, _reply, done) => inContextOf(request.raw, done));
  return { adapter, prepare: () => {}, complete: () => {} };
}

interface ExpressRequest extends IncomingMessage {
  baseUrl: string;
  originalUrl: string;
  route?: { path: unknown };
}

/** Nest on Express, for applications built on Express middleware. */
export async function expressPlatform(bodyLimitBytes: number): Promise<Platform> {
  const { ExpressAdapter } = await import('@nestjs/platform-express').catch((cause: unknown) => {
    throw serviceErrors.packageMissing('@nestjs/platform-express', "platform: 'express'", cause);
  });
  const adapter = new ExpressAdapter();
  adapter.getInstance().disable('x-powered-by');
  return {
    adapter,
    prepare(app) {
      const parsed = app as INestApplication & { useBodyParser(type: string, options: object): unknown };
      parsed.useBodyParser('json', { limit: bodyLimitBytes });
      parsed.useBodyParser('urlencoded', { limit: bodyLimitBytes, extended: false });
      app.use((request: ExpressRequest, response: NodeJS.EventEmitter, next: () => void) => {
        response.once('finish', () => {
          const path = request.route?.path;
          if (typeof path === 'string') setRoute(request, `${request.baseUrl}${path}`);
          else if (request.baseUrl) setRoute(request, `${request.baseUrl}/*`);
        });
        next();
      });
    },
    complete() {
      adapter.use((request: ExpressRequest, response: ServerResponse) => {
        const [path = '/'] = request.originalUrl.split('?', 1);
        const traceId = servedRequest(request)?.trace?.traceId;
        sendProblem(response, serviceErrors.routeNotFound(request.method ?? '', path), traceId);
      });
    },
  };
}
