import { Controller, Headers, Module, Post } from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { createMessage, Messaging, MessagingClient, MessagingModule } from '@rookery/messaging';
import { currentRequest } from '@rookery/observability';
import { Authenticated, FromBus, Public, RequiresPermissions, RequiresRoles, SecurityModule } from '@rookery/security';
import { startTestIssuer, type TestIssuer } from '@rookery/security/testing';
import { startPostgres } from '@rookery/servers';
import { lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createService } from '../create-service.ts';
import type { RunningService } from '../service-options.ts';

const ADMIN = JSON.stringify({ subject: 'admin', roles: ['admin'], permissions: ['*'] });
const LOOK_ALIKES = {
  principal: ADMIN,
  'x-principal': ADMIN,
  'x-rookery-principal': ADMIN,
  'x-user': 'admin',
  'x-permissions': '*',
  baggage: `principal=${encodeURIComponent(ADMIN)}`,
};
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const WAIT = { timeout: 20_000 };
const seen: unknown[] = [];
const see = (handler: string) => seen.push({ handler, ...currentRequest().principal });

/** Publishes what each endpoint is asked for; one of them hands the caller's headers on, as careless code would. */
@Controller('shop')
class Shop {
  constructor(
    private readonly client: MessagingClient,
    private readonly messaging: Messaging,
  ) {}

  @Post('order')
  @Authenticated()
  order() {
    return lastValueFrom(this.client.emit('order.placed', {}), { defaultValue: {} });
  }

  @Post('careless')
  @Public()
  careless(@Headers() headers: Record<string, string>) {
    return this.messaging.publish([createMessage({ topic: 'order.placed', payload: {}, headers })]);
  }

  @Post('price')
  @Authenticated()
  price() {
    return lastValueFrom(this.client.send('price.set', {}));
  }
}

@Controller()
class Events {
  @EventPattern<string>('order.placed')
  @RequiresPermissions('order:create')
  async packed() {
    await Promise.resolve();
    see('packed');
    expect(currentRequest().accessToken).toBeUndefined();
  }

  @MessagePattern<string>('price.set')
  @RequiresRoles('manager')
  price() {
    return { by: currentRequest().principal?.subject };
  }
}

@Controller()
class Audit {
  @EventPattern<string>('order.placed')
  @FromBus()
  audited() {
    see('audited');
  }
}

@Controller()
class Forgotten {
  @EventPattern<string>('order.forgotten')
  forgotten() {}

  @EventPattern<string>('order.open')
  @Public()
  open() {}
}

const postgres = await startPostgres();

describe.skipIf(!postgres)('message handlers of a service that checks access, on a real Postgres', () => {
  let issuer: TestIssuer;
  const running: RunningService[] = [];
  let url: string;

  async function start(name: string, controllers: (new (...args: never[]) => object)[]): Promise<RunningService> {
    @Module({
      imports: [SecurityModule.forRoot({ issuer: issuer.issuer }), MessagingModule.forRoot({ url, maxAttempts: 5 })],
      controllers,
    })
    class AppModule {}
    const service = await createService(
      AppModule,
      { name, without: ['discovery'] },
      { environment: { LOG_LEVEL: 'silent' } },
    );
    running.push(service);
    return service;
  }

  let shop: RunningService;
  let dead: (group: string) => Promise<object[]>;
  beforeAll(async () => {
    issuer = await startTestIssuer();
    url = (await postgres?.createDatabase('secured')) ?? '';
    await start('packing', [Events]);
    await start('audit', [Audit]);
    shop = await start('shop', [Shop]);
    const messaging = shop.app.get(Messaging, { strict: false });
    dead = (group) => messaging.deadLetters(group);
  });
  beforeEach(() => {
    seen.length = 0;
  });
  afterAll(async () => {
    await Promise.all(running.map((service) => service.close()));
    await issuer?.close();
    await postgres?.stop();
  });

  const post = async (path: string, headers: Record<string, string>) => {
    const sent = await fetch(`${shop.urls.http}/api/shop/shop/${path}`, { method: 'POST', headers });
    return { status: sent.status, text: await sent.text() };
  };

  it('know for whom a message was published, and let those in who may', async () => {
    const token = issuer.token({ claims: { permissions: ['order:*'], roles: ['clerk'], client_id: 'till' } });
    expect(await post('order', { authorization: `Bearer ${token}`, ...LOOK_ALIKES })).toMatchObject({ status: 201 });
    await vi.waitFor(() => expect(seen).toHaveLength(2), WAIT);
    const ada = { subject: 'ada', client: 'till', roles: ['clerk'], permissions: ['order:*'] };
    expect(seen).toEqual(
      expect.arrayContaining([
        { handler: 'packed', ...ada },
        { handler: 'audited', ...ada },
      ]),
    );
  });

  it('refuse a message for somebody who may not, at once and with the reason', async () => {
    expect(await post('order', issuer.bearer('order:show'))).toMatchObject({ status: 201 });
    await vi.waitFor(async () => expect(await dead('packing')).toHaveLength(1), WAIT);
    expect(await dead('packing')).toMatchObject([
      { attempts: 1, reason: expect.stringContaining('order:create'), principal: { subject: 'ada' } },
    ]);
    await vi.waitFor(() => expect(seen).toMatchObject([{ handler: 'audited', subject: 'ada' }]), WAIT);
  });

  it('take a client for nobody who only says who they are, also where a service hands its headers on', async () => {
    expect(await post('careless', LOOK_ALIKES)).toMatchObject({ status: 201 });
    await vi.waitFor(async () => expect(await dead('packing')).toHaveLength(2), WAIT);
    const [newest] = await dead('packing');
    expect(newest).toMatchObject({ attempts: 1, reason: expect.stringContaining('published for nobody') });
    expect(newest).not.toHaveProperty('principal');
    await vi.waitFor(() => expect(seen).toEqual([{ handler: 'audited' }]), WAIT);
  });

  it('answer a request on the bus by whom it was asked for', async () => {
    expect(await post('price', issuer.bearer())).toMatchObject({
      status: 403,
      text: expect.stringContaining('PERMISSION_MISSING'),
    });
    const manager = { authorization: `Bearer ${issuer.token({ claims: { roles: ['manager'] } })}` };
    expect(await post('price', manager)).toEqual({ status: 201, text: '{"by":"ada"}' });
  });

  it('that say nothing, or that they are public, stop the start of their service', async () => {
    await expect(start('forgotten', [Forgotten])).rejects.toMatchObject({
      code: 'SECURITY_UNDECLARED',
      details: { handlers: ['Forgotten.forgotten', 'Forgotten.open'] },
    });
  });
});
