import { describe, expect, test } from 'vitest';
import type { App } from '../workspace/projects.ts';
import { instanceVariables, type PlatformFacts } from './variables.ts';

const app = (name: string, needs: string[]): App => ({
  name,
  packageName: name,
  directory: '',
  kind: 'app',
  dependencies: [],
  app: { purpose: '', needs },
});
const orders = app('orders', ['registry', 'postgres']);
const facts = (environment: NodeJS.ProcessEnv = {}): PlatformFacts => ({
  environment,
  home: '/home/x/.rookery',
  ports: new Map([
    ['registry', 8500],
    ['config-center', 8090],
    ['gateway', 8080],
  ]),
  postgresUrl: 'postgres://rookery:pw@127.0.0.1:5433',
  compileCache: '/cache',
});

describe('the environment of an instance', () => {
  test('tells where the embedded parts are', () => {
    expect(instanceVariables(orders, 1, facts())).toMatchObject({
      DISCOVERY_URL: 'consul://127.0.0.1:8500',
      CONFIG_URL: 'http://127.0.0.1:8090',
      DATABASE_URL: 'postgres://rookery:pw@127.0.0.1:5433/orders',
      MESSAGING_URL: 'postgres://rookery:pw@127.0.0.1:5433/messaging',
      HOST: '127.0.0.1',
      PORT: '0',
      ROOKERY_HOME: '/home/x/.rookery',
    });
  });

  test('variables of the command win over the embedded parts', () => {
    const given = {
      DISCOVERY_URL: 'consul://other:8500',
      CONFIG_URL: 'file:x.yaml',
      MESSAGING_URL: 'amqp://mq',
      HOST: '0.0.0.0',
    };
    expect(instanceVariables(orders, 1, facts(given))).toMatchObject(given);
  });

  test('settings are read without a token on an address of this machine alone, where nobody says otherwise', () => {
    const readers = (environment: NodeJS.ProcessEnv, name = 'config-center') =>
      instanceVariables(app(name, []), 1, facts(environment)).CONFIG_READERS;
    expect(readers({})).toBe('anyone');
    expect(readers({ HOST: '::1' })).toBe('anyone');
    expect(readers({ HOST: '0.0.0.0' })).toBeUndefined();
    expect(readers({ HOST: '127.0.0.1.example.com' })).toBeUndefined();
    expect(readers({ CONFIG_READERS: 'tokens' })).toBe('tokens');
    expect(readers({ CONFIG_TOKEN: 'x'.repeat(32) })).toBeUndefined();
    expect(readers({}, 'orders')).toBeUndefined();
  });

  test('DATABASE_URL is a base: each app has its own database there, unless <APP>_DATABASE_URL says otherwise', () => {
    const base = { DATABASE_URL: 'postgres://u:p@db:5432/postgres?sslmode=require' };
    const variables = instanceVariables(orders, 1, facts(base));
    expect(variables.DATABASE_URL).toBe('postgres://u:p@db:5432/orders?sslmode=require');
    expect(variables.MESSAGING_URL).toBe('postgres://u:p@db:5432/messaging?sslmode=require');
    expect(instanceVariables(orders, 1, facts({ ...base, ORDERS_DATABASE_URL: 'postgres://own/x' })).DATABASE_URL).toBe(
      'postgres://own/x',
    );
    expect(() => instanceVariables(orders, 1, facts({ DATABASE_URL: 'db:5432' }))).not.toThrow();
    expect(() => instanceVariables(orders, 1, facts({ DATABASE_URL: 'nonsense' }))).toThrow(
      'DATABASE_URL is not a URL',
    );
  });

  test('the issuer of tokens is behind the gateway; its clients are told to the provider alone', () => {
    const variables = instanceVariables(app('auth', []), 1, facts());
    expect(variables).toMatchObject({
      AUTH_ISSUER_URL: 'http://127.0.0.1:8080/auth',
      AUTH_CLIENTS_FILE: '/home/x/.rookery/auth-clients.json',
    });
    expect(instanceVariables(app('gateway', []), 1, facts()).AUTH_ISSUER_URL).toBe('http://127.0.0.1:8080/auth');
    expect(instanceVariables(orders, 1, facts()).AUTH_CLIENTS_FILE).toBeUndefined();
    const given = { AUTH_ISSUER_URL: 'https://shop.example/auth', AUTH_CLIENTS_FILE: '/run/secrets/clients.json' };
    expect(instanceVariables(app('auth', []), 1, facts(given))).toMatchObject(given);
  });

  test('an app without a database is given none', () => {
    expect(instanceVariables(app('gateway', []), 1, facts()).DATABASE_URL).toBeUndefined();
  });

  test('only the first instance has the fixed port; ids differ, and are the same after a restart', () => {
    const gateway = app('gateway', []);
    const [first, second] = [
      instanceVariables(gateway, 1, facts({ PORT: '3000' })),
      instanceVariables(gateway, 2, facts()),
    ];
    expect([first.PORT, second.PORT]).toEqual(['8080', '0']);
    expect(first.INSTANCE_ID).toMatch(/^gateway-1-[0-9a-f]{4}$/);
    expect(second.INSTANCE_ID).not.toBe(first.INSTANCE_ID);
    expect(instanceVariables(gateway, 1, facts()).INSTANCE_ID).toBe(first.INSTANCE_ID);
  });

  test("the variables of npm and of the command's own channel stay behind", () => {
    expect(
      instanceVariables(orders, 1, facts({ npm_config_x: '1', NODE_CHANNEL_FD: '3', LANG: 'C' })),
    ).not.toHaveProperty('npm_config_x');
    expect(instanceVariables(orders, 1, facts({ NODE_CHANNEL_FD: '3' }))).not.toHaveProperty('NODE_CHANNEL_FD');
    expect(instanceVariables(orders, 1, facts({ LANG: 'C' })).LANG).toBe('C');
  });
});
