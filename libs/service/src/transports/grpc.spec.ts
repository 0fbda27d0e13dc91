import { fileURLToPath } from 'node:url';
import { type Client, credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Controller, Module, NotFoundException } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { currentRequest, currentTraceId, GrpcStatus, RookeryError } from '@rookery/observability';
import { Resources, Rules } from '@rookery/resilience';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createService } from '../create-service.ts';
import type { RunningService } from '../service-options.ts';

const protoPath = fileURLToPath(new URL('../testing/greeter.proto', import.meta.url));
const GreetRequest = z.object({ name: z.string().min(1) });

interface GreetReply {
  greeting: string;
  traceId: string;
  hasDeadline: boolean;
}

const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
const { promise: released, resolve: release } = Promise.withResolvers<void>();

@Controller()
class GreeterController {
  @GrpcMethod('Greeter', 'Greet')
  async greet(@Payload({ schema: GreetRequest }) { name }: z.infer<typeof GreetRequest>): Promise<GreetReply> {
    switch (name) {
      case 'slow':
        enter();
        await released;
        return { greeting: 'Hello at last', traceId: '', hasDeadline: true };
      case 'nobody':
        throw new RookeryError('GREETER_NOBODY', 'Nobody is not here.', { status: 404, details: { name } });
      case 'nest':
        throw new NotFoundException('Nest found nothing.');
      case 'inside':
        throw new TypeError('password of the database is swordfish');
      default:
        return {
          greeting: `Hello ${name}`,
          traceId: currentTraceId() ?? '',
          hasDeadline: currentRequest().deadlineAtMs !== undefined,
        };
    }
  }
}

@Module({ controllers: [GreeterController] })
class GreeterModule {}

interface Greeter extends Client {
  greet(
    request: object,
    metadata: Metadata,
    options: { deadline: number },
    callback: (error: ServiceError | null, reply: GreetReply) => void,
  ): void;
}

describe('the gRPC side of a service', () => {
  let service: RunningService;
  let client: Greeter;

  beforeAll(async () => {
    service = await createService(
      GreeterModule,
      { name: 'greeter', without: ['discovery'], grpc: { package: 'rookery.greeter.v1', protoPath } },
      { environment: { LOG_LEVEL: 'silent' } },
    );
    const types = loadPackageDefinition(loadSync(protoPath)) as never as {
      rookery: { greeter: { v1: { Greeter: new (url: string, credentials: object) => Greeter } } };
    };
    client = new types.rookery.greeter.v1.Greeter(service.urls.grpc ?? '', credentials.createInsecure());
  });
  afterAll(async () => {
    client.close();
    await service.close();
  });

  function greet(name: string, metadata = new Metadata()): Promise<GreetReply> {
    const { promise, resolve, reject } = Promise.withResolvers<GreetReply>();
    client.greet({ name }, metadata, { deadline: Date.now() + 5_000 }, (error, reply) =>
      error ? reject(error) : resolve(reply),
    );
    return promise;
  }
  const failure = (name: string): Promise<ServiceError> =>
    greet(name).then(
      () => Promise.reject(new Error('no error came')),
      (error) => error,
    );

  it("runs handlers in the caller's trace and deadline", async () => {
    const metadata = new Metadata();
    metadata.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    expect(await greet('Ada', metadata)).toEqual({
      greeting: 'Hello Ada',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      hasDeadline: true,
    });
  });

  it('errors leave as status and details', async () => {
    const error = await failure('nobody');
    expect(error).toMatchObject({ code: GrpcStatus.NOT_FOUND, details: 'Nobody is not here.' });
    expect(error.metadata.get('grpc-status-details-bin').join()).toMatch('GREETER_NOBODY');
    expect(await failure('nest')).toMatchObject({ code: GrpcStatus.NOT_FOUND, details: 'Nest found nothing.' });
  });

  it('an unexpected error is INTERNAL and says nothing of its inside', async () => {
    const error = await failure('inside');
    expect(error.code).toBe(GrpcStatus.INTERNAL);
    expect(JSON.stringify([error.details, error.metadata.getMap()])).not.toMatch(/swordfish|TypeError|\.ts/);
  });

  it('a message that does not fit its schema is INVALID_ARGUMENT with the path', async () => {
    expect(await failure('')).toMatchObject({
      code: GrpcStatus.INVALID_ARGUMENT,
      details: expect.stringMatching('at name: expected at least 1 characters, received 0 characters'),
    });
  });

  it('counts its calls beside those of HTTP', async () => {
    await greet('Ada');
    const text = (await service.metrics.registry.metrics())
      .split('\n')
      .filter((line) => line.includes('server_request'))
      .join('\n');
    expect(text).toMatch(/transport="grpc",method="call",route="Greeter\/Greet",status="ok"\} [1-9]/);
    expect(text).toMatch(/transport="grpc",method="call",route="Greeter\/Greet",status="5"\} [1-9]/);
    expect(text).toMatch('server_requests_running{transport="grpc",service="greeter"} 0');
  });

  it('makes a resource of each call, which rules may refuse by a field of its message', async () => {
    const resources = service.app.get(Resources);
    const rule = { kind: 'hot-parameter', resource: 'rpc:greeter.Greet', parameter: 'name', limit: 0 };
    resources.load(Rules.parse({ rule: { ...rule, limit: 100, exceptions: [{ value: 'Eve', limit: 0 }] } }));
    expect(await failure('Eve')).toMatchObject({
      code: GrpcStatus.RESOURCE_EXHAUSTED,
      details: expect.stringContaining('rpc:greeter.Greet was called too often with this value'),
    });
    expect(await greet('Ada')).toMatchObject({ greeting: 'Hello Ada' });
    expect(resources.find('rpc:greeter.Greet')?.totals).toMatchObject({ refused: 1 });
    resources.load({});
  });

  it('lets running calls end when it stops, and takes no new ones', async () => {
    const slow = greet('slow');
    await entered;
    const closed = service.close();
    await vi.waitFor(async () => expect(await failure('Ada')).toMatchObject({ code: GrpcStatus.UNAVAILABLE }));
    release();
    expect(await slow).toMatchObject({ greeting: 'Hello at last' });
    await closed;
  });
});
