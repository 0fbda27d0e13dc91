import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Controller, Get, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { type Instance, RegistryClient } from '@rookery/discovery';
import { afterEach, describe, expect, it } from 'vitest';
import { createService } from '../create-service.ts';
import type { RunningService } from '../service-options.ts';

const happened: string[] = [];
let service: RunningService;
let registered: Instance | undefined;

/** Takes part in the order of things: a registry that writes down what it is told. */
const registry = {
  register: async (instance: Instance) => {
    registered = instance;
    happened.push('registered');
    return {
      instance,
      release: async () => {
        happened.push((service.app.getHttpServer() as Server).listening ? 'released while listening' : 'released late');
      },
    };
  },
};

@Module({ providers: [{ provide: RegistryClient, useValue: registry }], exports: [RegistryClient] })
class DiscoveryModule {}

const { promise: released, resolve: release } = Promise.withResolvers<void>();
const { promise: entered, resolve: enter } = Promise.withResolvers<void>();

@Injectable()
class Pool implements OnModuleDestroy {
  onModuleDestroy(): void {
    happened.push('pool closed');
  }
}

@Controller()
class SlowController {
  @Get('slow')
  async slow(): Promise<object> {
    enter();
    await released;
    happened.push('request ended');
    return {};
  }
}

@Module({ imports: [DiscoveryModule], controllers: [SlowController], providers: [Pool] })
class SlowModule {}

afterEach(() => service?.close());

describe('the way down', () => {
  it('leaves the registry first, then lets running requests end, then closes pools', async () => {
    service = await createService(
      SlowModule,
      { name: 'slow', version: '2.0.0', metadata: { team: 'films' } },
      { environment: { LOG_LEVEL: 'silent', INSTANCE_ID: 'slow-7', ZONE: 'a' } },
    );
    const { port } = new URL(service.urls.http);
    expect(registered).toEqual({
      id: 'slow-7',
      service: 'slow',
      address: '127.0.0.1',
      port: Number(port),
      weight: 1,
      zone: 'a',
      metadata: { version: '2.0.0', openapi: '/openapi.json', team: 'films' },
    });
    const answer = fetch(`${service.urls.http}/api/slow/slow`);
    await entered;
    const unused = connect(Number(port), '127.0.0.1');
    const unusedEnded = once(unused, 'close');
    await once(unused, 'connect');
    const closed = service.close();
    expect(service.close()).toBe(closed);
    const ready = await fetch(`${service.urls.http}/health/ready`);
    expect([ready.status, ready.headers.get('connection')]).toEqual([503, 'close']);
    release();
    expect((await answer).headers.get('connection')).toBe('close');
    await closed;
    expect(happened).toEqual(['registered', 'released while listening', 'request ended', 'pool closed']);
    // Left open, it would answer 503 to a request that its client sends on it later.
    await unusedEnded;
  });

  it('frees its port', async () => {
    const { port } = new URL(service.urls.http);
    const server = createServer().listen(Number(port), '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    expect((server.address() as AddressInfo).port).toBe(Number(port));
    server.close();
  });
});
