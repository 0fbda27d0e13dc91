import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createLogger, Metrics, ObservabilityModule, RookeryError, ServiceIdentity } from '@rookery/observability';
import { expect, it } from 'vitest';
import { Resources } from '../resource/resources.ts';
import { Rules } from '../rules/rule.ts';
import { ResilienceModule } from './resilience.module.ts';
import { ResourceName as Resource } from './resource.decorator.ts';

@Injectable()
class Mail {
  readonly from = 'shop';

  @Resource('mail')
  async send(to: string): Promise<string> {
    return `${this.from} to ${to}`;
  }

  @Resource('mail.safely', { fallback: 'later' })
  async sendSafely(to: string): Promise<string> {
    return this.send(to);
  }

  later(to: string, error: RookeryError): string {
    return `later to ${to}: ${error.code}`;
  }
}

it('methods of providers are resources by @Resource, with arguments, fallback and metrics', async () => {
  const metrics = new Metrics('shop');
  const module = await Test.createTestingModule({
    imports: [
      ObservabilityModule.forRoot({
        identity: new ServiceIdentity({ name: 'shop', instance: 'shop-1' }),
        logger: createLogger({ service: 'shop', level: 'silent' }),
        metrics,
      }),
      ResilienceModule.forRoot(),
    ],
    providers: [Mail],
  }).compile();
  await module.init();
  module
    .get(Resources)
    .load(Rules.parse({ each: { kind: 'hot-parameter', resource: 'mail', parameter: 0, limit: 1, windowMs: 60_000 } }));
  const mail = module.get(Mail);
  expect(await mail.send('ada')).toBe('shop to ada');
  await expect(mail.send('ada')).rejects.toMatchObject({ code: 'PARAMETER_LIMITED' });
  expect(await mail.sendSafely('ada')).toBe('later to ada: PARAMETER_LIMITED');
  expect(await mail.sendSafely('bob')).toBe('shop to bob');
  const text = await metrics.registry.metrics();
  expect(text).toContain('resource_calls_total{resource="mail",outcome="refused",service="shop"} 2');
  expect(text).toContain('resource_rule_refused_total{resource="mail",rule="each",kind="hot-parameter",shadow="false"');
  expect(text).toContain('resource_circuit_open{resource="mail",service="shop"} 0');
  const again = await metrics.registry.metrics();
  expect(again).toContain('resource_calls_total{resource="mail",outcome="refused",service="shop"} 2');
  await module.close();
});

it('@Resource stands on methods only', () => {
  expect(() => Resource('x')({}, 'field', { value: 1 } as TypedPropertyDescriptor<unknown>)).toThrow(
    '@Resource stands on a method; field is none.',
  );
});
