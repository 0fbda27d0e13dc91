import { hideSecrets } from '@rookery/connections';
import { RookeryError } from '@rookery/observability';

const SCHEMES =
  'consul://host:8500, http://host:8500 (Consul API), etcd://host:2379, zookeeper://host:2181, ' +
  'eureka+http://host:8761/eureka, nacos://host:8848, kubernetes://, dns://10.0.0.53?http=… and static:orders=host:3000+4000';

/** Every error of this library: code, sentence, status. */
export const discoveryErrors = {
  unknownScheme: (url: string) =>
    new RookeryError(
      'DISCOVERY_UNKNOWN_SCHEME',
      `DISCOVERY_URL is ${quote(hideSecrets(url))}, whose scheme no driver serves; known are ${SCHEMES}.`,
    ),
  badUrl: (url: string, reason: string) =>
    new RookeryError(
      'DISCOVERY_BAD_URL',
      `DISCOVERY_URL is ${quote(hideSecrets(url))}, which cannot be used: ${reason}.`,
    ),
  missingClient: (packageName: string, cause: unknown) =>
    new RookeryError(
      'DISCOVERY_CLIENT_MISSING',
      `DISCOVERY_URL needs the npm package ${packageName}, which is not installed: npm install ${packageName}.`,
      { cause },
    ),
  unreachable: (server: string, reason: string, cause?: unknown) =>
    new RookeryError('DISCOVERY_UNREACHABLE', `The registry at ${server} (DISCOVERY_URL) does not answer: ${reason}.`, {
      status: 503,
      retryAfterMs: 1_000,
      cause,
    }),
  refused: (server: string, what: string, reason: string, cause?: unknown) =>
    new RookeryError('DISCOVERY_REFUSED', `The registry at ${server} (DISCOVERY_URL) refused to ${what}: ${reason}.`, {
      cause,
    }),
  badInstance: (id: string, reason: string) =>
    new RookeryError('DISCOVERY_BAD_INSTANCE', `Instance ${quote(id)} cannot be registered: ${reason}.`),
  badBalance: (problems: string) =>
    new RookeryError('DISCOVERY_BAD_BALANCE', `Calls cannot be spread as it is said: ${problems}.`),
  closed: () => new RookeryError('DISCOVERY_CLOSED', 'This registry client is closed.', { status: 503 }),
  tooManyServices: (limit: number) =>
    new RookeryError(
      'DISCOVERY_TOO_MANY_SERVICES',
      `This process already watches ${limit} services that have instances, which is its limit.`,
      { status: 503, retryAfterMs: 1_000 },
    ),
};

const quote = (text: string): string => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
