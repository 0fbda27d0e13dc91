import { Controller, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import {
  type BaseRpcContext,
  type CustomTransportStrategy,
  EventPattern,
  Payload,
  Server,
} from '@nestjs/microservices';
import { createLogger, type RookeryError } from '@rookery/observability';
import { lastValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createService } from '../create-service.ts';
import type { RunningService } from '../service-options.ts';
import { observeHandlers } from './observed-handlers.ts';

const OrderPlaced = z.object({ orderId: z.uuid() });
const orderId = '0af76519-16cd-43dd-8448-eb211c80319c';
const happened: string[] = [];

/** A transport in memory that takes what is given to it, and whose close waits for what it has taken. */
class MemoryServer extends Server implements CustomTransportStrategy {
  readonly #running = new Set<Promise<unknown>>();

  listen(callback: () => void): void {
    happened.push('listening');
    callback();
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async deliver(topic: string, payload: unknown): Promise<unknown> {
    const handler = this.getHandlerByPattern(topic);
    const handled = Promise.resolve(handler?.(payload, {} as BaseRpcContext)).then((result) =>
      lastValueFrom(this.transformToObservable(result)),
    );
    this.#running.add(handled);
    return handled;
  }

  on(): void {}

  unwrap<T>(): T {
    throw new Error('there is nothing inside');
  }
}

let release: () => void;
let released: Promise<void>;

@Controller()
class Warehouse {
  @EventPattern('order.placed')
  pack(@Payload({ schema: OrderPlaced }) order: z.infer<typeof OrderPlaced>): void {
    happened.push(`packed ${order.orderId}`);
  }

  @EventPattern('order.slow')
  async slow(_order: unknown): Promise<void> {
    await released;
    happened.push('handled');
  }
}

@Controller()
class Accounting {
  @EventPattern('order.placed')
  bill(_order: unknown): void {
    happened.push('billed');
  }
}

@Injectable()
class Pool implements OnModuleDestroy {
  onModuleDestroy(): void {
    happened.push('pool closed');
  }
}

@Module({ controllers: [Warehouse, Accounting], providers: [Pool] })
class ShopModule {}

describe('message handlers of a service', () => {
  let service: RunningService;
  let server: MemoryServer;

  beforeEach(async () => {
    happened.length = 0;
    ({ promise: released, resolve: release } = Promise.withResolvers<void>());
    server = new MemoryServer();
    const logger = createLogger({ service: 'shop', level: 'silent' });
    service = await createService(
      ShopModule,
      {
        name: 'shop',
        without: ['discovery'],
        configure(app) {
          observeHandlers(server, { transport: 'messaging', logger, red: undefined, tracing: true, accessLog: true });
          app.connectMicroservice({ strategy: server }, { inheritAppConfig: true });
        },
      },
      { environment: { LOG_LEVEL: 'silent' } },
    );
  });
  afterEach(() => {
    release();
    return service.close();
  });

  it('are all called for one event', async () => {
    await server.deliver('order.placed', { orderId });
    expect(happened.toSorted()).toEqual(['billed', 'listening', `packed ${orderId}`]);
  });

  it('are not called with a payload that does not fit their schema; the transport gets the reason', async () => {
    const error = (await server.deliver('order.placed', { orderId: 7 }).catch((error) => error)) as RookeryError;
    expect(error).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { issues: [{ path: 'orderId', expected: 'string', received: 'number' }] },
    });
    expect(happened).not.toContain(`packed ${orderId}`);
  });

  it('that run when the service stops all end before anything is closed under them', async () => {
    const deliveries = Array.from({ length: 100 }, () => server.deliver('order.slow', {}));
    const closed = service.close();
    await vi.waitFor(() => expect(service.app.getHttpServer().listening).toBe(false));
    expect(happened).toEqual(['listening']);
    release();
    await Promise.all([...deliveries, closed]);
    expect(happened.filter((what) => what === 'handled')).toHaveLength(100);
    expect(happened.at(-1)).toBe('pool closed');
  });
});
