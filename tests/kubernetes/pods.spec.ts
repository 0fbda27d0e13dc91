import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishSlice } from '@rookery/discovery/testing';
import { startOwnKubernetes, startPostgres } from '@rookery/servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { holdTable, withClient } from '../platform/tables.ts';
import { accountToken } from './account-token.ts';
import { forward } from './podman/forward.ts';
import { buildImages } from './podman/images.ts';
import { Pod } from './podman/pod.ts';
import { Podman, podmanProgram } from './podman/podman.ts';
import { forPodman } from './podman/pods.ts';
import { kubectl, kubectlProgram, render, WORKSPACE } from './render.ts';

const NAMESPACE = 'rookery-dev';
const DISCOVERY = 'rookery-discovery';
const POSTGRES_PORT = 5432;
/** terminationGracePeriodSeconds of the Deployments, without what preStop takes. */
const GRACE_S = 25;

const isBuilt = existsSync(join(WORKSPACE, 'apps/gateway/dist/main.js'));
const cluster = podmanProgram && kubectlProgram && isBuilt ? await startOwnKubernetes() : undefined;
afterAll(() => cluster?.stop());
const postgres = cluster ? await startPostgres() : undefined;
afterAll(() => postgres?.stop());

interface Secret {
  kind: 'Secret';
  metadata: { name: string };
  stringData: Record<string, string>;
}

const manifests = cluster ? render('dev') : [];
const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
const names = deployments.map(({ metadata }) => metadata.name);

/**
 * Every Deployment of the dev overlay in a pod of its own, by `podman play kube`. Postgres and the kube-apiserver are
 * processes of this host; this suite is the kubelet (probes, tokens) and the controller (EndpointSlices).
 */
describe.skipIf(!cluster || !postgres)('the Deployments of the dev overlay in podman', { timeout: 60_000 }, () => {
  let podman: Podman;
  let pods: Pod[];
  let secrets: Secret[];
  const ends: Array<() => Promise<void>> = [];

  const pod = (service: string): Pod => pods.find((one) => one.service === service) ?? expect.fail(`no pod ${service}`);
  const sql = (name: string) => secrets.find(({ metadata }) => metadata.name === name)?.stringData ?? {};
  const onHost = (url = '') => url.replace(`@postgres:${POSTGRES_PORT}`, `@${new URL(postgres?.url ?? '').host}`);

  beforeAll(async () => {
    if (!cluster || !postgres) return;
    const { port } = new URL(cluster.url);
    podman = new Podman();
    await buildImages(
      podman,
      new Map(
        deployments.map(({ metadata, spec }) => [metadata.name, spec?.template?.spec.containers[0]?.image ?? '']),
      ),
    );
    const network = await podman.createNetwork('base');
    ends.push(await forward(podman.host, POSTGRES_PORT, Number(new URL(postgres.url).port)));
    ends.push(await forward(podman.host, Number(port), Number(port)));

    const made = execFileSync(process.execPath, [join(WORKSPACE, 'deploy/kubernetes/make-secrets.js')], {
      encoding: 'utf8',
    });
    secrets = (JSON.parse(made) as { items: Secret[] }).items;
    await withClient(postgres.url, async (client) => {
      for (const statement of sql('postgres')['databases.sql']?.split('\n').filter(Boolean) ?? [])
        await client.query(statement);
    });

    const as = (args: string[]) => kubectl(['--kubeconfig', cluster.kubeconfig, ...args]);
    as(['apply', '-f', 'deploy/kubernetes/overlays/dev/namespace.yaml']);
    as(['apply', '--server-side', '-k', 'deploy/kubernetes/overlays/dev']);
    const accountFolder = join(podman.home, DISCOVERY);
    mkdirSync(accountFolder);
    const token = await accountToken(cluster, NAMESPACE, DISCOVERY);
    for (const [file, text] of Object.entries({ token, 'ca.crt': cluster.ca, namespace: NAMESPACE })) {
      writeFileSync(join(accountFolder, file), text);
    }

    const adapted = forPodman(manifests, { host: podman.host, apiServerPort: Number(port), accountFolder });
    for (const { metadata, stringData } of secrets) await podman.createSecret(metadata.name, stringData);
    await podman.run(['play', 'kube', '--network', network, '-'], adapted.map((one) => stringify(one)).join('---\n'));
    pods = deployments.map((deployment) => new Pod(podman, deployment));
    await Promise.all(
      pods.map(async (one) => {
        await one.ready();
        const [port = 0, grpcPort] = [one.port('http'), one.port('grpc')];
        const ports = { port, ...(grpcPort !== undefined && { grpcPort }) };
        const instance = {
          id: one.name,
          service: one.service,
          address: one.address,
          ...ports,
          weight: 1,
          metadata: {},
        };
        await publishSlice({ ...cluster, ca: cluster.ca, namespace: NAMESPACE }, instance);
      }),
    );
  }, 600_000);
  afterAll(async () => {
    await Promise.all(ends.map((end) => end()));
    await podman?.close();
  }, 120_000);

  it('are ready by their probes, with the ports and paths of the manifests', () => {
    expect(pods.map(({ service }) => service)).toEqual(names);
    expect(new Set(pods.map(({ address }) => address)).size).toBe(names.length);
  });

  it('find each other by EndpointSlices: the gateway leads to catalog and orders', async () => {
    const ask = async (path: string) => {
      const response = await fetch(pod('gateway').url(path), { signal: AbortSignal.timeout(10_000) });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    await expect
      .poll(() => ask('/api/catalog/films?query=star+wars'))
      .toMatchObject({
        status: 200,
        body: { items: expect.arrayContaining([expect.objectContaining({ id: expect.any(String) })]) },
      });
    await expect.poll(() => ask('/api/orders')).toMatchObject({ status: 401, body: { code: 'TOKEN_MISSING' } });
    await expect
      .poll(() => ask('/auth/.well-known/openid-configuration'))
      .toMatchObject({
        status: 200,
        body: { issuer: 'http://rookery.localhost/auth' },
      });
  });

  it.each(names)('%s is held to its security context', async (name) => {
    const seen = await pod(name).exec(
      'sh',
      '-c',
      'cat /proc/1/status; touch /app/x 2>&1; touch /tmp/x && echo tmp: ok',
    );
    const fact = (key: string) => new RegExp(`^${key}:\\s+(.*)$`, 'm').exec(seen)?.[1];
    expect(fact('Uid')).toBe('1000\t1000\t1000\t1000');
    expect([fact('CapEff'), fact('CapBnd')]).toEqual(['0000000000000000', '0000000000000000']);
    expect([fact('NoNewPrivs'), fact('Seccomp')]).toEqual(['1', '2']);
    expect(seen).toContain("cannot touch '/app/x': Read-only file system");
    expect(fact('tmp')).toBe('ok');
  });

  it('answer what they have begun after SIGTERM, and end with 0', async () => {
    const films = await holdTable(onHost(sql('catalog').DATABASE_URL), 'films');
    const asked = fetch(pod('catalog').url('/api/catalog/films/film-0001'), { signal: AbortSignal.timeout(20_000) });
    await films.waiters(1);
    const stopping = pod('catalog').stop(GRACE_S);
    await expect.poll(() => pod('catalog').logs(), { timeout: 10_000 }).toContain('"event":"service stopping"');
    await films.release();
    expect((await asked).status).toBe(200);
    expect(await stopping).toMatchObject({ Status: 'exited', ExitCode: 0 });
    const others = pods.filter(({ service }) => service !== 'catalog');
    for (const ended of await Promise.all(others.map((one) => one.stop(GRACE_S)))) {
      expect(ended).toMatchObject({ Status: 'exited', ExitCode: 0 });
    }
  });
});
