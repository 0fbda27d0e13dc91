import { existsSync, mkdtempSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from './ask.ts';
import { startGuarded } from './guarded-server.ts';
import { jvmFlags } from './jvm.ts';
import { freePorts } from './ports.ts';
import { findProgram } from './programs.ts';
import type { OwnServer, ServerTls } from './server.ts';

const FOLDER = join(homedir(), '.cache/rookery/servers/eureka');

/** Whether Java is there and tests/servers/install-eureka has run. */
export const hasEureka = findProgram('java') !== undefined && existsSync(join(FOLDER, 'version'));

/**
 * A Eureka server that the suite may kill; undefined where it is missing. Takes about 10 s to start. It looks for expired
 * leases twice a second, and keeps no instance that does not renew its lease (no self-preservation).
 * @param password of the user `suite`; when given, who has none or another is refused
 * @param tls when given, it speaks nothing else
 */
export async function startOwnEureka(password?: string, tls?: ServerTls): Promise<OwnServer | undefined> {
  const program = findProgram('java');
  if (!program || !hasEureka) return undefined;
  const home = mkdtempSync(join(tmpdir(), 'rookery-eureka-'));
  const [port] = (await freePorts(1)) as [number];
  const settings = {
    'server.port': port,
    'server.address': '127.0.0.1',
    'logging.level.root': 'warn',
    'eureka.client.register-with-eureka': false,
    'eureka.client.fetch-registry': false,
    'eureka.server.enable-self-preservation': false,
    'eureka.server.eviction-interval-timer-in-ms': 500,
    'eureka.server.response-cache-update-interval-ms': 200,
    // A change that comes while the cache is being filled is not in it, for as long as this.
    'eureka.server.response-cache-auto-expiration-in-seconds': 2,
    'eureka.server.use-read-only-response-cache': false,
    'eureka.server.wait-time-in-ms-when-sync-empty': 0,
    'suite.secured': password !== undefined,
    'spring.security.user.name': 'suite',
    'spring.security.user.password': password ?? 'unused',
    ...(tls && {
      'server.ssl.certificate': tls.certFile,
      'server.ssl.certificate-private-key': tls.keyFile,
      'server.ssl.trust-certificate': tls.caFile,
      'server.ssl.client-auth': 'need',
    }),
  };
  const args = [
    ...jvmFlags(256),
    ...['-cp', `${join(FOLDER, 'classes')}:${join(FOLDER, 'lib')}/*`, 'rookery.RookeryEureka'],
    ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
  ];
  const scheme = tls ? 'https' : 'http';
  const url = `eureka+${scheme}://127.0.0.1:${port}/eureka`;
  const headers = { authorization: `Basic ${Buffer.from(`suite:${password}`).toString('base64')}` };
  const ready = async () => void (await ask(`${scheme}://127.0.0.1:${port}/eureka/apps`, { headers, tls }));
  const log = join(home, 'log');
  const guarded = { name: 'eureka', url, command: program, args, log, home, ready, readyMs: 120_000 };
  const server = await startGuarded(guarded);
  return tls ? { ...server, tlsPort: port } : server;
}
