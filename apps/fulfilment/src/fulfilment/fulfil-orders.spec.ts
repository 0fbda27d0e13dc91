import { orderFulfilled, orderPlaced } from '@rookery/contracts';
import { createMessaging, type Delivery, type Messaging } from '@rookery/messaging';
import type { Principal } from '@rookery/observability';
import { startTestIssuer, type TestIssuer } from '@rookery/security/testing';
import { startPostgres } from '@rookery/servers';
import { createService, type RunningService } from '@rookery/service';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AppModule } from '../app.module.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

const WITHIN = { timeout: 10_000, interval: 20 };

describe.skipIf(!postgres)('fulfilment', () => {
  let service: RunningService;
  let messaging: Messaging;
  let issuer: TestIssuer;
  const told: Delivery[] = [];

  beforeAll(async () => {
    issuer = await startTestIssuer();
    Object.assign(process.env, {
      AUTH_ISSUER_URL: issuer.issuer,
      DATABASE_URL: await postgres?.createDatabase('fulfilment'),
      MESSAGING_URL: await postgres?.createDatabase('messaging'),
      DISCOVERY_URL: 'static:',
      LOG_LEVEL: 'silent',
    });
    messaging = await createMessaging();
    await messaging.subscribe({ group: 'listener', topics: [orderFulfilled.name] }, async (delivery) => {
      told.push(delivery);
    });
    service = await createService(AppModule, { name: 'fulfilment' });
  });
  afterAll(async () => {
    await service?.close();
    await messaging?.close();
    await issuer?.close();
  });

  const request = async (path: string, init: RequestInit = {}) => {
    const headers = { ...issuer.bearer('order:show', 'dead-letter:*'), ...init.headers };
    const response = await fetch(`${service.urls.http}/api/fulfilment${path}`, { ...init, headers });
    // biome-ignore lint/suspicious/noExplicitAny: foreign JSON, asserted by the test that reads it
    return { status: response.status, body: (await response.json()) as any };
  };
  const replay = (body: object) =>
    request('/dead-letters/replay', {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  const buyer = { subject: 'ada', roles: [], permissions: ['order:create'] };
  const publish = (payload: unknown, id: string = crypto.randomUUID(), principal: Principal = buyer) =>
    messaging
      .publish([{ id, topic: orderPlaced.name, payload, headers: {}, principal, occurredAtMs: Date.now() }])
      .then(() => id);
  const placed = (orderId: string = crypto.randomUUID()) => ({
    orderId,
    items: [{ filmId: 'film-0001', title: 'The Land Girls', quantity: 1, priceCents: 1099 }],
    totalCents: 1099,
    placedAt: new Date().toISOString(),
  });
  const tellings = (orderId: string) =>
    told.filter(({ payload }) => orderFulfilled.schema.parse(payload).orderId === orderId);

  it('fulfils an order that was placed, shows it and tells of it', async () => {
    const order = placed();
    await publish(order);
    await vi.waitFor(() => expect(tellings(order.orderId)).toHaveLength(1), WITHIN);
    expect(await request(`/orders/${order.orderId}`)).toMatchObject({
      status: 200,
      body: { orderId: order.orderId, totalCents: 1099, items: [{ filmId: 'film-0001', quantity: 1 }] },
    });
    expect(await request(`/orders/${crypto.randomUUID()}`)).toMatchObject({ status: 404 });
  });

  it('fulfils an order once, however often and under whatever id the message comes', async () => {
    const order = placed();
    const id = crypto.randomUUID();
    await Promise.all([publish(order, id), publish(order, id), publish(order), publish(order)]);
    const marker = placed();
    await vi.waitFor(() => expect(tellings(order.orderId)).toHaveLength(1), WITHIN);
    await publish(marker);
    await vi.waitFor(() => expect(tellings(marker.orderId)).toHaveLength(1), WITHIN);
    expect(tellings(order.orderId)).toHaveLength(1);
  });

  it('fulfils nothing for somebody who may not place orders, and tells in whose name it did', async () => {
    const refused = placed();
    const id = await publish(refused, crypto.randomUUID(), { ...buyer, permissions: ['order:show'] });
    const found = await vi.waitFor(async () => {
      const { body } = await request('/dead-letters');
      const letter = body.items.find((one: { id: string }) => one.id === id);
      expect(letter).toBeDefined();
      return letter;
    }, WITHIN);
    expect(found).toMatchObject({ attempts: 1, reason: expect.stringContaining('order:create') });
    expect(found).not.toHaveProperty('principal');
    expect(tellings(refused.orderId)).toHaveLength(0);
    const order = placed();
    await publish(order);
    await vi.waitFor(() => expect(tellings(order.orderId)).toMatchObject([{ principal: buyer }]), WITHIN);
  });

  it('puts a message that does not fit into the dead letters, and goes on', async () => {
    const id = await publish({ nonsense: true });
    const order = placed();
    await publish(order);
    await vi.waitFor(() => expect(tellings(order.orderId)).toHaveLength(1), WITHIN);
    const dead = await vi.waitFor(async () => {
      const { body } = await request('/dead-letters');
      const found = body.items.find((letter: { id: string }) => letter.id === id);
      expect(found).toBeDefined();
      return found;
    }, WITHIN);
    expect(dead).toMatchObject({
      topic: orderPlaced.name,
      payload: { nonsense: true },
      reason: expect.stringMatching(/orderId/),
      attempts: 1,
    });
    expect(dead).not.toHaveProperty('headers');
    expect(await replay({ ids: [id] })).toEqual({ status: 200, body: { replayed: 1 } });
    await vi.waitFor(async () => {
      const { body } = await request('/dead-letters?limit=10');
      expect(body.items.map((letter: { id: string }) => letter.id)).toContain(id);
    }, WITHIN);
  });

  it('refuses what is no replay', async () => {
    expect(await replay({ ids: [] })).toMatchObject({ status: 400 });
    expect(await replay({ all: true })).toMatchObject({ status: 400 });
    expect(await request('/dead-letters?limit=0')).toMatchObject({
      status: 400,
      body: { issues: [{ path: 'limit' }] },
    });
    expect(await request('/orders/nonsense')).toMatchObject({ status: 400 });
  });
});
