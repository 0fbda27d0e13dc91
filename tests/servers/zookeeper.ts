import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startGuarded } from './guarded-server.ts';
import { jvmFlags } from './jvm.ts';
import { freePorts } from './ports.ts';
import { findProgram } from './programs.ts';
import type { OwnServer, ServerTls } from './server.ts';

export const ZOOKEEPER_JARS = ['zookeeper', 'zookeeper-jute', 'slf4j-api', 'slf4j-simple'].map(
  (name) => `/usr/share/java/${name}.jar`,
);

const SHELL_JARS = [...ZOOKEEPER_JARS, '/usr/share/java/commons-cli.jar'];

/** Whether Debian's `zookeeper` and Java are installed. */
export const hasZooKeeper =
  findProgram('java') !== undefined && ZOOKEEPER_JARS.slice(0, 1).every((jar) => existsSync(jar));

/** What its server on Netty, which speaks TLS, needs besides. */
const NETTY_JARS = ['buffer', 'codec', 'common', 'handler', 'resolver', 'transport', 'transport-native-epoll']
  .concat('transport-native-unix-common')
  .map((name) => `/usr/share/java/netty-${name}.jar`);

/**
 * One ZooKeeper that the suite may kill; undefined where it is missing. Its sessions last 1 to 60 s.
 * @param tls when given, it has a port of its own for that, and runs on Netty
 */
export async function startOwnZooKeeper(tls?: ServerTls): Promise<OwnServer | undefined> {
  const program = findProgram('java');
  if (!program || !hasZooKeeper) return undefined;
  const home = mkdtempSync(join(tmpdir(), 'rookery-zookeeper-'));
  const [port, securePort] = (await freePorts(2)) as [number, number];
  mkdirSync(join(home, 'data'));
  const settings = {
    tickTime: 500,
    minSessionTimeout: 1_000,
    maxSessionTimeout: 60_000,
    dataDir: join(home, 'data'),
    clientPort: port,
    clientPortAddress: '127.0.0.1',
    'admin.enableServer': false,
    '4lw.commands.whitelist': 'srvr',
    maxClientCnxns: 0,
    ...(tls ? secureSettings(tls, securePort, join(home, 'key-store.pem')) : {}),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(home, 'zoo.cfg'), lines.join(''));
  const args = [
    ...jvmFlags(128),
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    ...['-Dzookeeper.forceSync=no', '-cp', [home, ...ZOOKEEPER_JARS, ...(tls ? NETTY_JARS : [])].join(':')],
    ...['org.apache.zookeeper.server.quorum.QuorumPeerMain', join(home, 'zoo.cfg')],
  ];
  const url = `zookeeper://127.0.0.1:${port}`;
  const log = join(home, 'log');
  const ready = () => serves(port);
  const server = await startGuarded({ name: 'zookeeper', url, command: program, args, log, home, ready });
  return tls ? { ...server, tlsPort: securePort } : server;
}

function secureSettings({ caFile, certFile, keyFile }: ServerTls, port: number, keyStore: string) {
  writeFileSync(keyStore, readFileSync(keyFile, 'utf8') + readFileSync(certFile, 'utf8'), { mode: 0o600 });
  return {
    serverCnxnFactory: 'org.apache.zookeeper.server.NettyServerCnxnFactory',
    secureClientPort: port,
    secureClientPortAddress: '127.0.0.1',
    'ssl.keyStore.location': keyStore,
    'ssl.keyStore.type': 'PEM',
    'ssl.trustStore.location': caFile,
    'ssl.trustStore.type': 'PEM',
    'ssl.clientAuth': 'need',
    // Clients are known by the authority that signed for them, whatever their address.
    'ssl.hostnameVerification': false,
  };
}

/** What ZooKeeper's own shell prints for a command: `stat /path`. */
export async function zooKeeperShell(url: string, ...command: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(
    findProgram('java') ?? 'java',
    [
      ...[
        '-Xmx64m',
        '-XX:TieredStopAtLevel=1',
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
        '-cp',
        SHELL_JARS.join(':'),
      ],
      ...['org.apache.zookeeper.ZooKeeperMain', '-server', new URL(url).host, ...command],
    ],
    { timeout: 30_000 },
  );
  return stdout + stderr;
}

/** The four-letter word `srvr` is answered with the server's mode. */
async function serves(port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('srvr'));
  let answer = '';
  socket.setTimeout(1_000, () => socket.destroy(new Error('no answer')));
  socket.on('data', (data) => {
    answer += data.toString();
  });
  socket.once('error', reject);
  socket.once('close', () => (answer.includes('Mode:') ? resolve() : reject(new Error(answer || 'closed'))));
  await promise.finally(() => socket.destroy());
}
