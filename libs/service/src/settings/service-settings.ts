import { z } from 'zod';
import { readSettings } from './read-settings.ts';

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

function wholeNumber(least: number, most: number, otherwise: number) {
  const expected = `a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d+$/, expected)
    .transform(Number)
    .pipe(z.number().min(least, expected).max(most, expected))
    .default(otherwise);
}

const host = z.string().regex(/^[A-Za-z0-9.:_-]+$/, 'an IP address or a host name');

/** The settings that every service reads from its environment. */
const schema = z.object({
  HOST: host.default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535, 0),
  GRPC_PORT: wholeNumber(0, 65_535, 0),
  ADVERTISE_ADDRESS: host.optional(),
  DISCOVERY_URL: z
    .string()
    .regex(/^[a-z][a-z0-9+.-]*:\S*$/i, 'a URL like consul://127.0.0.1:8500')
    .optional(),
  INSTANCE_ID: z
    .string()
    .regex(/^[\w.:-]{1,128}$/, 'up to 128 letters, digits, dots, colons, dashes')
    .optional(),
  ROOKERY_HOME: z.string().default('.rookery'),
  LOG_LEVEL: z.enum(LEVELS, `one of ${LEVELS.join(', ')}`).default('info'),
  TOKEN_SERVER_URL: z
    .string()
    .regex(/^rediss?:\/\/\S+$/i, 'a URL like redis://127.0.0.1:6379')
    .optional(),
  SHUTDOWN_TIMEOUT_MS: wholeNumber(0, 600_000, 10_000),
  ZONE: z
    .string()
    .regex(/^[\w.-]{1,63}$/, 'up to 63 letters, digits, dots, dashes')
    .optional(),
});

/** What a service's environment says, checked and typed. */
export interface ServiceSettings {
  /** One address: `localhost` may be two, of which the second would have no drain. */
  host: string;
  port: number;
  grpcPort: number;
  advertiseAddress: string | undefined;
  discoveryUrl: string | undefined;
  instanceId: string | undefined;
  home: string;
  logLevel: (typeof LEVELS)[number];
  shutdownTimeoutMs: number;
  /** Where cluster-wide flow rules count. */
  tokenServerUrl: string | undefined;
  zone: string | undefined;
}

/** Reads {@link ServiceSettings}; throws `SERVICE_SETTINGS_WRONG`. */
export function readServiceSettings(environment: NodeJS.ProcessEnv): ServiceSettings {
  const read = readSettings(schema, environment);
  return {
    host: read.HOST === 'localhost' ? '127.0.0.1' : read.HOST,
    port: read.PORT,
    grpcPort: read.GRPC_PORT,
    advertiseAddress: read.ADVERTISE_ADDRESS,
    discoveryUrl: read.DISCOVERY_URL,
    instanceId: read.INSTANCE_ID,
    home: read.ROOKERY_HOME,
    logLevel: read.LOG_LEVEL,
    shutdownTimeoutMs: read.SHUTDOWN_TIMEOUT_MS,
    zone: read.ZONE,
    tokenServerUrl: read.TOKEN_SERVER_URL,
  };
}
