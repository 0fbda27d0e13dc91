import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { runWithRequest, ServiceIdentity } from '@rookery/observability';
import { declaredResource, endingOf, Resources } from '@rookery/resilience';
import { finalize, type Observable, tap } from 'rxjs';
import { servedRequest } from '../http/served-request.ts';

/** Where Nest keeps what a handler listens to; @nestjs/microservices is not loaded for it where no handler needs it. */
const PATTERN_METADATA = 'microservices:pattern';

interface HttpRequest {
  method: string;
  raw?: unknown;
  params?: object;
  query?: object;
}

/**
 * Makes a resource of every handler of every transport: `http:GET /api/orders/:id`, `rpc:catalog.GetFilm`,
 * `mq:order.placed`, or what `@Resource` says.
 */
@Injectable()
export class ResourceInterceptor implements NestInterceptor {
  readonly #names = new WeakMap<object, string>();

  constructor(
    @Inject(Resources) private readonly resources: Resources,
    @Inject(ServiceIdentity) private readonly identity: ServiceIdentity,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const name = this.#nameOf(context);
    const parameters = this.resources.find(name)?.asksParameters ? parametersOf(context) : undefined;
    const entering = this.resources.enter(name, { inbound: true, entrance: name, parameters });
    const entered = entering instanceof Promise ? await entering : entering;
    // Nest binds the handler to the context in which handle() is called.
    const answer = runWithRequest({ entrance: name }, () => next.handle());
    if (!entered) return answer;
    let failure: unknown;
    let failed = false;
    return answer.pipe(
      tap({
        error: (error: unknown) => {
          failed = true;
          failure = error;
        },
      }),
      finalize(() => entered.end(failed ? endingOf(failure) : 'succeeded', this.resources.now())),
    );
  }

  /** A handler has one name, but where one handler has several routes. */
  #nameOf(context: ExecutionContext): string {
    const handler = context.getHandler();
    if (context.getType() === 'http') return declaredResource(handler)?.name ?? httpName(context);
    let name = this.#names.get(handler);
    if (name === undefined) {
      name = declaredResource(handler)?.name ?? patternName(handler, this.identity.name);
      this.#names.set(handler, name);
    }
    return name;
  }
}

/** By the route's template: a path with ids in it would be a resource for each id. */
function httpName(context: ExecutionContext): string {
  const request = context
    .switchToHttp()
    .getRequest<HttpRequest & { routeOptions?: { url?: string }; baseUrl?: string; route?: { path?: unknown } }>();
  const raw = (request.raw ?? request) as Parameters<typeof servedRequest>[0];
  const route =
    servedRequest(raw)?.route ?? request.routeOptions?.url ?? `${request.baseUrl ?? ''}${request.route?.path ?? ''}`;
  return `http:${request.method} ${route}`;
}

/** From what a handler of another transport listens to. */
function patternName(handler: object, service: string): string {
  const patterns: unknown = Reflect.getMetadata(PATTERN_METADATA, handler);
  const pattern: unknown = Array.isArray(patterns) ? patterns[0] : patterns;
  if (typeof pattern === 'object' && pattern !== null && 'rpc' in pattern)
    return `rpc:${service}.${String(pattern.rpc)}`;
  return `mq:${typeof pattern === 'string' ? pattern : JSON.stringify(pattern)}`;
}

/** Parameters by name: of path and query, or the fields of the message. */
function parametersOf(context: ExecutionContext): Readonly<Record<string, unknown>> | undefined {
  if (context.getType() === 'http') {
    const { params, query } = context.switchToHttp().getRequest<HttpRequest>();
    return { ...query, ...params } as Record<string, unknown>;
  }
  const message: unknown = context.getArgByIndex(0);
  return typeof message === 'object' && message !== null ? (message as Record<string, unknown>) : undefined;
}
