import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority } from '@rookery/connections/testing';
import { createRegistry } from '@rookery/discovery';
import { publishSlice, registryContract, tlsOf } from '@rookery/discovery/testing';
import { type KubernetesServer, startOwnKubernetes } from '@rookery/servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedRegistry } from '../sync/embedded-registry.ts';
import { RunningSync } from '../sync/running-command.ts';
import { accountToken } from './account-token.ts';
import { kubectl, kubectlProgram, OVERLAYS } from './render.ts';

const authority = makeAuthority();
const cluster = kubectlProgram
  ? await startOwnKubernetes({ caFile: authority.caFile, ...authority.server })
  : undefined;
afterAll(async () => {
  await cluster?.stop();
  authority.remove();
});

const NAMESPACE = 'rookery-dev';
const server = (): KubernetesServer => cluster ?? expect.fail('There is no kube-apiserver.');
const inCluster = (args: string[], input?: string) => kubectl(['--kubeconfig', server().kubeconfig, ...args], input);

async function urlAs(account: string, host: string, port: number): Promise<string> {
  const tokenFile = join(server().caFile, '..', `${account}.token`);
  writeFileSync(tokenFile, await accountToken(server(), NAMESPACE, account), { mode: 0o600 });
  const query = new URLSearchParams({
    namespace: NAMESPACE,
    wait: '1s',
    'token-file': tokenFile,
    'ca-file': server().caFile,
  });
  return `kubernetes://${host}:${port}?${query}`;
}

const registryAs = async (account: string, host: string, port: number) =>
  createRegistry(await urlAs(account, host, port));

describe.skipIf(!cluster)('on a real kube-apiserver', () => {
  beforeAll(() => {
    // Objects are refused as long as their namespace is not there.
    for (const overlay of OVERLAYS) inCluster(['apply', '-f', `deploy/kubernetes/overlays/${overlay}/namespace.yaml`]);
    inCluster(['apply', '--server-side', '-k', 'deploy/kubernetes/overlays/dev']);
  }, 60_000);

  it('takes the dev overlay, and once more without a change', () => {
    const deployments = inCluster(['get', 'deployments', '-n', NAMESPACE, '-o', 'name']).trim().split('\n');
    expect(deployments).toContain('deployment.apps/orders');
    const again = inCluster(['diff', '--server-side', '-k', 'deploy/kubernetes/overlays/dev']);
    expect(again).toBe('');
  });

  it('takes the production overlay', () => {
    const said = inCluster([
      'apply',
      '--server-side',
      '--dry-run=server',
      '-k',
      'deploy/kubernetes/overlays/production',
    ]);
    expect(said).toContain('deployment.apps/gateway serverside-applied (server dry run)');
  });

  it('refuses a field that it does not know, so that a typing error is found', () => {
    const typo = '{"apiVersion":"v1","kind":"Service","metadata":{"name":"x"},"spec":{"prots":[]}}';
    expect(() => inCluster(['apply', '--server-side', '-n', NAMESPACE, '-f', '-'], typo)).toThrow('prots');
  });

  it('lets the service account of discovery read EndpointSlices of its namespace and nothing else', () => {
    const can = (verb: string, what: string, account: string, namespace = NAMESPACE): boolean => {
      const as = `system:serviceaccount:${NAMESPACE}:${account}`;
      const args = ['auth', 'can-i', verb, what, '--as', as, '-n', namespace];
      try {
        return inCluster(args).trim() === 'yes';
      } catch {
        return false;
      }
    };
    expect(can('list', 'endpointslices.discovery.k8s.io', 'rookery-discovery')).toBe(true);
    expect(can('watch', 'endpointslices.discovery.k8s.io', 'rookery-discovery')).toBe(true);
    expect(can('list', 'endpointslices.discovery.k8s.io', 'rookery-discovery', 'default')).toBe(false);
    expect(can('delete', 'endpointslices.discovery.k8s.io', 'rookery-discovery')).toBe(false);
    expect(can('list', 'secrets', 'rookery-discovery')).toBe(false);
    expect(can('list', 'endpointslices.discovery.k8s.io', 'rookery-service')).toBe(false);
  });

  it('tells a service without the right what it lacks', async () => {
    const { hostname, port } = new URL(server().url);
    const registry = await registryAs('rookery-service', hostname, Number(port));
    await expect(registry.services()).rejects.toMatchObject({
      code: 'DISCOVERY_REFUSED',
      message: expect.stringContaining('cannot list resource "endpointslices"'),
    });
    await registry.close();
  });

  it('is mirrored into another registry by rookery sync, with the rights of a caller', {
    timeout: 60_000,
  }, async () => {
    const { hostname, port } = new URL(server().url);
    const source = await urlAs('rookery-discovery', hostname, Number(port));
    const target = await startEmbeddedRegistry();
    const registry = await createRegistry(target.url);
    const sync = new RunningSync(['--from', source, '--to', target.url, '--only', 'mirrored', '--after-outage', '1s']);
    const instance = { id: 'mirrored-1', service: 'mirrored', address: '10.1.2.3', port: 3_000, grpcPort: 4_000 };
    try {
      const api = { ...server(), ca: server().ca, namespace: NAMESPACE };
      const pod = await publishSlice(api, { ...instance, weight: 1, zone: 'eu-1b', metadata: {} });
      const mirrored = () => registry.instances('mirrored');
      await expect
        .poll(mirrored, { timeout: 30_000 })
        .toMatchObject([{ ...instance, id: expect.any(String), zone: 'eu-1b' }]);
      await expect.poll(() => sync.says(`namespace=${NAMESPACE}`)).toBe(true);
      await pod.release();
      await expect.poll(mirrored, { timeout: 30_000 }).toEqual([]);
    } finally {
      await sync.end();
      await registry.close();
      await target.stop();
    }
  });

  registryContract('Kubernetes, a real kube-apiserver with the rights of deploy/kubernetes', {
    // Every case here speaks TLS and shows a token, one a client certificate; both read one namespace only.
    cannot: ['register', 'metadata', 'weight', 'lease', 'tls', 'namespace', 'credentials'],
    instanceAddress: '10.1.2.3',
    async start() {
      const { hostname: host, port } = new URL(server().url);
      const address = { host, port: Number(port) };
      // The certificate's own name.
      inCluster(['create', 'rolebinding', 'suite', '--role=rookery-discovery', '--user=suite', '-n', NAMESPACE]);
      return {
        address,
        mutualTls: {
          authority,
          createRegistry: (tls) =>
            createRegistry(`kubernetes://${host}:${port}?namespace=${NAMESPACE}&wait=1s${tlsOf({ tls }).parameters}`),
        },
        createRegistry: (at = address) => registryAs('rookery-discovery', at.host, at.port),
        publish: (instance) => publishSlice({ ...server(), ca: server().ca, namespace: NAMESPACE }, instance),
        async restartServer(whileDown) {
          await server().kill();
          await whileDown?.();
          await server().start();
        },
        stop: async () => {},
      };
    },
  });
});
