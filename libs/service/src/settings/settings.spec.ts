import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readSettings } from './read-settings.ts';
import { readServiceSettings } from './service-settings.ts';

describe("a service's settings", () => {
  it('have a default each, and an empty variable counts as unset', () => {
    const defaults = readServiceSettings({});
    expect(defaults).toMatchObject({
      host: '127.0.0.1',
      port: 0,
      grpcPort: 0,
      home: '.rookery',
      logLevel: 'info',
      shutdownTimeoutMs: 10_000,
      instanceId: undefined,
      discoveryUrl: undefined,
    });
    expect(readServiceSettings({ PORT: '', HOST: '', DISCOVERY_URL: '' })).toEqual(defaults);
  });

  it('are typed', () => {
    const read = readServiceSettings({
      HOST: '::',
      PORT: '8080',
      LOG_LEVEL: 'debug',
      DISCOVERY_URL: 'consul://x:8500',
    });
    expect(read).toMatchObject({ host: '::', port: 8080, logLevel: 'debug', discoveryUrl: 'consul://x:8500' });
  });

  it.each([
    [{ PORT: '65536' }, 'PORT: expected a whole number from 0 to 65535, received "65536"'],
    [{ PORT: '8080.5' }, 'PORT: expected a whole number from 0 to 65535, received "8080.5"'],
    [{ GRPC_PORT: 'any' }, 'GRPC_PORT: expected a whole number from 0 to 65535, received "any"'],
    [{ HOST: 'http://x' }, 'HOST: expected an IP address or a host name, received "http://x"'],
    [{ ADVERTISE_ADDRESS: 'a b' }, 'ADVERTISE_ADDRESS: expected an IP address or a host name, received "a b"'],
    [
      { LOG_LEVEL: 'loud' },
      'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, received "loud"',
    ],
    [{ INSTANCE_ID: 'a b' }, 'INSTANCE_ID: expected up to 128 letters, digits, dots, colons, dashes, received "a b"'],
    [{ SHUTDOWN_TIMEOUT_MS: '-1' }, 'SHUTDOWN_TIMEOUT_MS: expected a whole number from 0 to 600000, received "-1"'],
    [{ ZONE: '?' }, 'ZONE: expected up to 63 letters, digits, dots, dashes, received "?"'],
  ])('%o is refused with its name, what was expected and what came', (environment, sentence) => {
    expect(() => readServiceSettings(environment)).toThrow(`${sentence}. Correct the environment and start again.`);
  });

  it('never tell the value of a URL, which may hold a password', () => {
    expect(() => readServiceSettings({ DISCOVERY_URL: 'ada:swordfish' })).not.toThrow();
    expect(() => readServiceSettings({ DISCOVERY_URL: '//ada:swordfish@x' })).toThrow(
      'DISCOVERY_URL: expected a URL like consul://127.0.0.1:8500, received a text of 17 characters',
    );
  });
});

describe("an application's own settings", () => {
  const schema = z.object({
    MAX_FILMS: z.coerce.number('a number').max(100, 'at most 100').default(20),
    API_KEY: z.string('a key').min(8, 'a key of 8 characters or more'),
  });

  it('are read from the environment in the same way', () => {
    expect(readSettings(schema, { API_KEY: 'swordfish' })).toEqual({ MAX_FILMS: 20, API_KEY: 'swordfish' });
    expect(() => readSettings(schema, { MAX_FILMS: '101', API_KEY: 'fish' })).toThrow(
      'MAX_FILMS: expected at most 100, received "101"; ' +
        'API_KEY: expected a key of 8 characters or more, received a text of 4 characters.',
    );
    expect(() => readSettings(schema, {})).toThrow('API_KEY: expected a key, received nothing');
  });
});
