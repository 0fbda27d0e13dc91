import { Controller, Module } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { MessagingClient, MessagingContext, MessagingModule } from '@rookery/messaging';
import { currentRequest, currentTraceId, runWithRequest } from '@rookery/observability';
import { explain, Resources, Rules } from '@rookery/resilience';
import { startPostgres } from '@rookery/servers';
import { lastValueFrom } from 'rxjs';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { createService } from '../create-service.ts';
import type { RunningService } from '../service-options.ts';

vi.setConfig({ testTimeout: 60_000 });

const HANDLERS = 100;
const { promise: released, resolve: release } = Promise.withResolvers<void>();
const entered: number[] = [];
const ended: number[] = [];
const seen: unknown[] = [];

@Controller()
class Orders {
  @EventPattern('order.slow')
  async slow(@Payload() { number }: { number: number }): Promise<void> {
    entered.push(number);
    await released;
    ended.push(number);
  }

  @EventPattern('order.seen')
  see(@Ctx() { delivery }: MessagingContext): void {
    seen.push({ group: delivery.group, lane: currentRequest().lane, traceId: currentTraceId() });
  }
}

const postgres = await startPostgres();
const url = await postgres?.createDatabase('service');

describe.skipIf(!postgres)('messages of a service, on a real Postgres', () => {
  let service: RunningService;

  async function start(): Promise<MessagingClient> {
    @Module({
      imports: [MessagingModule.forRoot({ ...(url && { url }), concurrency: HANDLERS })],
      controllers: [Orders],
    })
    class OrdersModule {}
    service = await createService(
      OrdersModule,
      { name: 'orders', without: ['discovery'] },
      { environment: { LOG_LEVEL: 'silent' } },
    );
    return service.app.get(MessagingClient, { strict: false });
  }

  afterEach(() => {
    release();
    return service?.close();
  });
  afterAll(() => postgres?.stop());

  const emit = (client: MessagingClient, topic: string, payload: object) =>
    lastValueFrom(client.emit(topic, payload), { defaultValue: undefined });

  it(`lets ${HANDLERS} running handlers end and acknowledge when it stops, and none is delivered again`, async () => {
    const client = await start();
    for (let number = 0; number < HANDLERS; number++) await emit(client, 'order.slow', { number });
    await vi.waitFor(() => expect(entered).toHaveLength(HANDLERS), { timeout: 30_000 });
    const closed = service.close();
    await vi.waitFor(() => expect(service.app.getHttpServer().listening).toBe(false));
    expect(ended).toHaveLength(0);
    release();
    await closed;
    expect(ended.toSorted((a, b) => a - b)).toEqual(Array.from({ length: HANDLERS }, (_, number) => number));

    const next = await start();
    await runWithRequest({ lane: 'blue' }, () => emit(next, 'order.seen', {}));
    await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 30_000 });
    expect(seen).toEqual([{ group: 'orders', lane: 'blue', traceId: expect.stringMatching(/^[0-9a-f]{32}$/) }]);
    expect(entered).toHaveLength(HANDLERS);
    expect(await service.metrics.registry.metrics()).toMatch(
      /transport="messaging",method="event",route="order.seen",status="ok"/,
    );
    expect(service.app.get(Resources).find('mq:order.seen')?.totals).toMatchObject({ passed: 1, succeeded: 1 });
  });

  it('refuses what a rule refuses, as a failed delivery: the message comes again, and is handled once it may pass', async () => {
    const client = await start();
    const resources = service.app.get(Resources);
    resources.load(Rules.parse({ none: { kind: 'flow', resource: 'mq:order.seen', limit: 0 } }));
    const before = seen.length;
    await emit(client, 'order.seen', {});
    await vi.waitFor(() => expect(resources.find('mq:order.seen')?.totals.refused).toBeGreaterThan(0), 30_000);
    expect(explain(resources, 'mq:order.seen')?.[0]).toMatchObject({ decision: 'refused', rule: 'none', kind: 'flow' });
    expect(seen).toHaveLength(before);
    resources.load({});
    await vi.waitFor(() => expect(seen).toHaveLength(before + 1), 30_000);
  });
});
