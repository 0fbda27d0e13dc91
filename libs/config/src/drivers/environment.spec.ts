import { expect, it } from 'vitest';
import { environmentSource } from './environment.ts';

const settingsOf = async (service: string, env: Record<string, string>) =>
  (await environmentSource(service, env).load()).settings;

it('maps <SERVICE>__<KEY> in upper snake case onto camel case paths', async () => {
  expect(
    await settingsOf('orders', {
      ORDERS__MAX_ITEMS: '5',
      ORDERS__LIMITS__PER_CUSTOMER: '2',
      OTHER__X: '1',
      ORDERS: 'no',
    }),
  ).toEqual({ maxItems: '5', limits: { perCustomer: '2' } });
});

it('writes the dash of a service name as an underscore', async () => {
  expect(await settingsOf('config-center', { CONFIG_CENTER__A: 'x' })).toEqual({ a: 'x' });
});

it('skips names with an empty part', async () => {
  expect(await settingsOf('orders', { ORDERS__: 'x', ORDERS____A: 'y', ORDERS__PROTO____: 'z' })).toEqual({});
});
