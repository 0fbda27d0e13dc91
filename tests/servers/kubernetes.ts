import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { GuardedProcess } from './guarded-process.ts';
import { freePorts } from './ports.ts';
import { findProgram } from './programs.ts';
import type { OwnServer, ServerTls } from './server.ts';

/** A control plane without nodes: kube-apiserver with RBAC, on its etcd. It takes and watches objects; nothing runs pods. */
export interface KubernetesServer extends OwnServer {
  /** `https://127.0.0.1:6443` */
  url: string;
  /** Token of a cluster administrator. */
  token: string;
  /** PEM of what signed its certificate, and the file with it. */
  ca: string;
  caFile: string;
  /** A kubeconfig file for the administrator. */
  kubeconfig: string;
}

/**
 * An API server that the suite may kill; undefined where a program is missing (tests/servers/install-kubernetes).
 * @param tls when given, it is what the server shows, and a client whose certificate its authority signed is known by that
 */
export async function startOwnKubernetes(tls?: ServerTls): Promise<KubernetesServer | undefined> {
  const program = findProgram('kube-apiserver', join(homedir(), '.cache/rookery/servers/kube-apiserver'));
  const etcdProgram = findProgram('etcd');
  if (!program || !etcdProgram) return undefined;
  const home = mkdtempSync(join(tmpdir(), 'rookery-kubernetes-'));
  const [port, client, peer] = (await freePorts(3)) as [number, number, number];
  const token = randomBytes(16).toString('hex');
  const file = (name: string): string => join(home, 'files', name);
  for (const folder of ['files', 'etcd', 'api']) mkdirSync(join(home, folder));
  writeKeys(file, token);
  const etcd = new GuardedProcess({
    command: etcdProgram,
    args: etcdArguments(join(home, 'etcd', 'data'), client, peer),
    log: file('etcd.log'),
    home: join(home, 'etcd'),
  });
  let api: GuardedProcess | undefined;
  const caFile = tls?.caFile ?? file('apiserver.crt');
  const server: KubernetesServer = {
    url: `https://127.0.0.1:${port}`,
    token,
    get ca() {
      return readFileSync(caFile, 'utf8');
    },
    caFile,
    kubeconfig: file('kubeconfig'),
    async start() {
      const args = [...apiArguments(file, port, client), ...(tls ? tlsArguments(tls) : [])];
      api = new GuardedProcess({ command: program, args, log: file('api.log'), home: join(home, 'api') });
      await api.ready('kube-apiserver', () => isReady(server), 60_000);
    },
    async kill() {
      await api?.kill();
    },
    async restart() {
      await api?.kill();
      await server.start();
    },
    async stop() {
      await api?.kill();
      await etcd.kill();
      rmSync(home, { recursive: true, force: true });
    },
  };
  try {
    await server.start();
    writeFileSync(server.kubeconfig, JSON.stringify(kubeconfigOf(server)), { mode: 0o600 });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

function writeKeys(file: (name: string) => string, token: string): void {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  writeFileSync(file('sa.pub'), publicKey);
  writeFileSync(file('sa.key'), privateKey, { mode: 0o600 });
  writeFileSync(file('tokens.csv'), `${token},suite,suite,system:masters\n`, { mode: 0o600 });
}

const etcdArguments = (data: string, client: number, peer: number): string[] => [
  ...['--data-dir', data, '--name', 'suite', '--log-level', 'error'],
  ...['--listen-client-urls', `http://127.0.0.1:${client}`, '--advertise-client-urls', `http://127.0.0.1:${client}`],
  ...['--listen-peer-urls', `http://127.0.0.1:${peer}`, '--initial-advertise-peer-urls', `http://127.0.0.1:${peer}`],
  ...['--initial-cluster', `suite=http://127.0.0.1:${peer}`],
];

const apiArguments = (file: (name: string) => string, port: number, etcd: number): string[] => [
  `--etcd-servers=http://127.0.0.1:${etcd}`,
  '--bind-address=127.0.0.1',
  `--secure-port=${port}`,
  `--cert-dir=${file('.')}`,
  '--service-cluster-ip-range=10.96.0.0/24',
  '--endpoint-reconciler-type=none',
  '--authorization-mode=RBAC',
  `--token-auth-file=${file('tokens.csv')}`,
  '--service-account-issuer=https://rookery.local',
  `--service-account-key-file=${file('sa.pub')}`,
  `--service-account-signing-key-file=${file('sa.key')}`,
];

const tlsArguments = ({ caFile, certFile, keyFile }: ServerTls): string[] => [
  `--tls-cert-file=${certFile}`,
  `--tls-private-key-file=${keyFile}`,
  `--client-ca-file=${caFile}`,
];

/** Every post-start hook has run: also the built-in roles are there. */
async function isReady({ url, token, ca }: KubernetesServer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  get(
    `${url}/readyz`,
    { ca, agent: false, headers: { authorization: `Bearer ${token}` }, timeout: 2_000 },
    (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`answered ${response.statusCode}`));
    },
  ).once('error', reject);
  await promise;
}

function kubeconfigOf({ url, token, caFile }: KubernetesServer): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'suite',
    clusters: [{ name: 'suite', cluster: { server: url, 'certificate-authority': caFile } }],
    users: [{ name: 'suite', user: { token } }],
    contexts: [{ name: 'suite', context: { cluster: 'suite', user: 'suite' } }],
  };
}
