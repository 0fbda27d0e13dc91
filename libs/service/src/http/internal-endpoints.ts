import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Health, type Metrics, RookeryError } from '@rookery/observability';
import type { Concern } from '../concerns.ts';
import { serviceErrors } from '../errors/service-errors.ts';
import { EVENT_STREAM, type EventChannel } from './event-channel.ts';
import { sendProblem } from './send-problem.ts';

/** What an endpoint answers. */
interface Answer {
  status: number;
  type: string;
  body: string;
}

type Endpoint = (query: URLSearchParams) => Promise<Answer>;

export interface InternalEndpointsOptions {
  health: Health;
  metrics: Metrics;
  /** The OpenAPI document as JSON text. */
  openapi: () => Promise<string>;
  /** The resources and the decisions of their rules; undefined for one that nobody knows. */
  resilience: (query: URLSearchParams) => Promise<object | undefined>;
  /** What is happening to the resources, by path. */
  streams: ReadonlyMap<string, EventChannel>;
  isOn: (concern: Concern) => boolean;
}

/**
 * The endpoints that are for the platform and not for clients: they stand outside of the service's prefix, so that the
 * gateway never forwards to them, and before Nest, so that no guard or filter of the application stands in their way.
 */
export class InternalEndpoints {
  readonly #endpoints: ReadonlyMap<string, Endpoint>;
  readonly #streams: ReadonlyMap<string, EventChannel>;

  constructor({ health, metrics, openapi, resilience, streams, isOn }: InternalEndpointsOptions) {
    const report = async (): Promise<Answer> => {
      const found = await health.report();
      return json(found.ok ? 200 : 503, JSON.stringify(found));
    };
    this.#streams = isOn('resilience') ? streams : new Map();
    this.#endpoints = new Map<string, Endpoint>([
      ...(isOn('health')
        ? ([
            ['/health/live', async () => json(200, '{"ok":true}')],
            ['/health/ready', report],
          ] as const)
        : []),
      ...(isOn('metrics')
        ? ([
            [
              '/metrics',
              async () => ({
                status: 200,
                type: metrics.registry.contentType,
                body: await metrics.registry.metrics(),
              }),
            ],
          ] as const)
        : []),
      ...(isOn('resilience')
        ? ([
            [
              '/resilience',
              async (query: URLSearchParams) => {
                const found = await resilience(query);
                if (!found) throw serviceErrors.resourceUnknown(query.get('resource') ?? '');
                return json(200, JSON.stringify(found));
              },
            ],
          ] as const)
        : []),
      ...(isOn('openapi') ? ([['/openapi.json', async () => json(200, await openapi())]] as const) : []),
    ]);
  }

  /** Answers the request when it is for one of the endpoints. */
  take(request: IncomingMessage, response: ServerResponse, onError: (error: unknown) => void): boolean {
    const { url = '' } = request;
    const query = url.indexOf('?');
    const path = query < 0 ? url : url.slice(0, query);
    const endpoint = this.#endpoints.get(path);
    const stream = this.#streams.get(path);
    if (!endpoint && !stream) return false;
    request.resume();
    const { method = '' } = request;
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      sendProblem(response, serviceErrors.methodNotAllowed(method, path));
      return true;
    }
    if (stream) join(stream, response, method);
    else if (endpoint) this.#answer(endpoint, request, response, onError);
    return true;
  }

  #answer(endpoint: Endpoint, request: IncomingMessage, response: ServerResponse, onError: (error: unknown) => void) {
    const { url = '', method } = request;
    const query = url.indexOf('?');
    endpoint(new URLSearchParams(query < 0 ? '' : url.slice(query + 1))).then(
      ({ status, type, body }) => {
        response.writeHead(status, {
          'content-type': type,
          'content-length': Buffer.byteLength(body),
          'cache-control': 'no-store',
        });
        response.end(method === 'HEAD' ? undefined : body);
      },
      (error: unknown) => {
        if (!(error instanceof RookeryError)) onError(error);
        sendProblem(response, error);
      },
    );
  }
}

function join(stream: EventChannel, response: ServerResponse, method: string): void {
  if (method === 'HEAD') {
    response.writeHead(200, EVENT_STREAM).end();
    return;
  }
  try {
    stream.join(response);
  } catch (error) {
    sendProblem(response, error);
  }
}

const json = (status: number, body: string): Answer => ({ status, type: 'application/json; charset=utf-8', body });
