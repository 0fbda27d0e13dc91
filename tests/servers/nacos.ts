import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from './ask.ts';
import { startGuarded } from './guarded-server.ts';
import { jvmFlags } from './jvm.ts';
import { freePortWith } from './ports.ts';
import { findProgram } from './programs.ts';
import type { OwnServer, ServerTls } from './server.ts';

const FOLDER = join(homedir(), '.cache/rookery/servers/nacos');
/** From the port of its HTTP: gRPC for clients, gRPC for other servers, Raft. */
const [GRPC, CLUSTER, RAFT] = [1_000, 1_001, -1_000];
/** What makes a request one of the administrator, in a header. */
const IDENTITY = { key: 'rookery', value: 'suite' };
const TOKEN_KEY = Buffer.from('a key of the suites alone, long enough').toString('base64');

/** Whether Java is there and tests/servers/install-nacos has run. */
export const hasNacos = findProgram('java') !== undefined && existsSync(join(FOLDER, 'version'));

export interface NacosServer extends OwnServer {
  /** Of its HTTP API: `http://127.0.0.1:8848/nacos`. */
  readonly http: string;
  readonly grpcPort: number;
  /** Who may ask, where it was started with `auth`. */
  readonly credentials: { readonly user: string; readonly password: string };
  /** Asks its HTTP API as an administrator, and answers the `data` of its answer. */
  administer(method: 'GET' | 'POST' | 'DELETE', path: string, parameters?: Record<string, string>): Promise<unknown>;
}

/**
 * A Nacos 3 server of its own, standalone, which the suite may kill; undefined where it is missing. Takes about 6 s to start.
 * Without its console.
 * @param options `auth`: who gives no or wrong credentials is refused; `tls`: it speaks nothing else, over gRPC and HTTP
 */
export async function startNacos({
  auth = false,
  tls,
}: {
  auth?: boolean;
  tls?: ServerTls;
} = {}): Promise<NacosServer | undefined> {
  const program = findProgram('java');
  if (!program || !hasNacos) return undefined;
  const home = mkdtempSync(join(tmpdir(), 'rookery-nacos-'));
  const port = await freePortWith(GRPC, CLUSTER, RAFT);
  const settings = {
    'nacos.server.main.port': port,
    'server.address': '127.0.0.1',
    'nacos.inetutils.ip-address': '127.0.0.1',
    'nacos.core.auth.system.type': 'nacos',
    'nacos.core.auth.enabled': auth,
    'nacos.core.auth.admin.enabled': auth,
    // A user can sign in at once, and not after the 15 s of the cache.
    'nacos.core.auth.caching.enabled': false,
    'nacos.core.auth.server.identity.key': IDENTITY.key,
    'nacos.core.auth.server.identity.value': IDENTITY.value,
    'nacos.core.auth.plugin.nacos.token.secret.key': TOKEN_KEY,
    'management.influx.metrics.export.enabled': false,
    // To make its database; on a busy machine the usual 3 s are not enough.
    'db.pool.config.connectionTimeout': 60_000,
    'db.pool.config.validationTimeout': 60_000,
    ...(tls && tlsSettings(tls)),
  };
  mkdirSync(join(home, 'conf'));
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  writeFileSync(join(home, 'conf/application.properties'), lines.join('\n'));
  const args = [
    ...jvmFlags(400),
    ...['-Dnacos.standalone=true', `-Dnacos.home=${home}`, `-Duser.home=${home}`, `-Djava.io.tmpdir=${home}`],
    ...['-cp', ['classes', 'first/*', 'lib/*'].map((part) => join(FOLDER, part)).join(':'), 'rookery.RookeryNacos'],
    ...['--spring.main.banner-mode=off', `--spring.config.additional-location=file:${home}/conf/`],
  ];
  const http = `${tls ? 'https' : 'http'}://127.0.0.1:${port}/nacos`;
  const administer: NacosServer['administer'] = async (method, path, parameters = {}) => {
    const query = new URLSearchParams(parameters).toString();
    const url = `${http}${path}${method === 'POST' || query === '' ? '' : `?${query}`}`;
    const form = method === 'POST' ? { form: parameters } : {};
    const answer = await ask(url, { method, ...form, headers: { [IDENTITY.key]: IDENTITY.value }, tls });
    return (JSON.parse(answer) as { data: unknown }).data;
  };
  const credentials = { user: 'nacos', password: 'hoot' };
  const server = await startGuarded({
    ...{
      name: 'nacos',
      url: `nacos${tls ? '+tls' : ''}://127.0.0.1:${port}`,
      command: program,
      args,
      home,
      log: join(home, 'log'),
    },
    ready: async () => void (await administer('GET', '/v3/admin/core/state/readiness')),
    readyMs: 120_000,
  });
  if (auth) await administer('POST', '/v3/auth/user/admin', { password: credentials.password });
  return Object.assign(server, { http, grpcPort: port + GRPC, credentials, administer });
}

function tlsSettings({ caFile, certFile, keyFile }: ServerTls) {
  const grpc = 'nacos.remote.server.rpc.tls';
  return {
    [`${grpc}.enableTls`]: true,
    // Else it takes plain connections on the same port too.
    [`${grpc}.compatibility`]: false,
    [`${grpc}.mutualAuthEnable`]: true,
    [`${grpc}.certChainFile`]: `file:${certFile}`,
    [`${grpc}.certPrivateKey`]: `file:${keyFile}`,
    [`${grpc}.trustCollectionCertFile`]: `file:${caFile}`,
    'server.ssl.certificate': certFile,
    'server.ssl.certificate-private-key': keyFile,
    'server.ssl.trust-certificate': caFile,
    'server.ssl.client-auth': 'need',
  };
}
