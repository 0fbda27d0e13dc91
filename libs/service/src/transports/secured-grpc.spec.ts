import { fileURLToPath } from 'node:url';
import { type Client, credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Controller, Module } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { currentRequest, GrpcStatus } from '@rookery/observability';
import { Resources, Rules } from '@rookery/resilience';
import { RequiresPermissions, SecurityModule } from '@rookery/security';
import { startTestIssuer, type TestIssuer } from '@rookery/security/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createService } from '../create-service.ts';
import type { RunningService } from '../service-options.ts';

vi.setConfig({ hookTimeout: 60_000 });

const protoPath = fileURLToPath(new URL('../testing/greeter.proto', import.meta.url));

@Controller()
class GreeterController {
  @GrpcMethod('Greeter', 'Greet')
  @RequiresPermissions('greeter:greet')
  async greet(): Promise<{ greeting: string }> {
    await Promise.resolve();
    const { principal, accessToken } = currentRequest();
    return { greeting: `Hello ${principal?.subject}${accessToken === undefined ? ', without a token' : ''}` };
  }
}

interface Greeter extends Client {
  greet(request: object, metadata: Metadata, callback: (error: ServiceError | null, reply: object) => void): void;
}

describe('a gRPC handler that needs a permission', () => {
  let issuer: TestIssuer;
  let service: RunningService;
  let client: Greeter;

  beforeAll(async () => {
    issuer = await startTestIssuer();

    @Module({ imports: [SecurityModule.forRoot({ issuer: issuer.issuer })], controllers: [GreeterController] })
    class GreeterModule {}
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
    client?.close();
    await service?.close();
    await issuer?.close();
  });

  const greet = (entries: Record<string, string>): Promise<object> => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
    return new Promise((resolve) => {
      client.greet({ name: 'x' }, metadata, (error, reply) => resolve(error ? { code: error.code } : reply));
    });
  };

  it('verifies the token of the metadata, and knows who calls', async () => {
    expect(await greet(issuer.bearer('greeter:*'))).toMatchObject({ greeting: 'Hello ada' });
  });

  it('refuses a call without a token, with a wrong one, or without the permission', async () => {
    expect(await greet({})).toEqual({ code: GrpcStatus.UNAUTHENTICATED });
    expect(await greet({ 'x-principal': 'admin', principal: 'admin' })).toEqual({ code: GrpcStatus.UNAUTHENTICATED });
    const forged = issuer.token({ header: { alg: 'none' }, signature: () => '' });
    expect(await greet({ authorization: `Bearer ${forged}` })).toEqual({ code: GrpcStatus.UNAUTHENTICATED });
    expect(await greet(issuer.bearer('other:*'))).toEqual({ code: GrpcStatus.PERMISSION_DENIED });
  });

  it('an authority rule knows who calls', async () => {
    const resources = service.app.get(Resources);
    const rule = { kind: 'authority', resource: 'rpc:greeter.Greet' };
    resources.load(Rules.parse({ who: { ...rule, origins: ['ada'] } }));
    expect(await greet(issuer.bearer('greeter:*'))).toMatchObject({ greeting: 'Hello ada' });
    resources.load(Rules.parse({ who: { ...rule, origins: ['bob'] } }));
    expect(await greet(issuer.bearer('greeter:*'))).toEqual({ code: GrpcStatus.PERMISSION_DENIED });
  });
});
