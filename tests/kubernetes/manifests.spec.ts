import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Manifest } from './manifest.ts';
import { problemsOf } from './manifest-rules.ts';
import { kubectlProgram, OVERLAYS, render, WORKSPACE } from './render.ts';

/** Apps that no cluster runs, and why. */
const NOT_DEPLOYED: Record<string, string> = { registry: 'EndpointSlices are the registry' };

const apps = readdirSync(join(WORKSPACE, 'apps')).filter((name) => !(name in NOT_DEPLOYED));
const manifestOf = (app: string) => JSON.parse(readFileSync(join(WORKSPACE, 'apps', app, 'package.json'), 'utf8'));
const secretsOf = (deployment: Manifest | undefined) =>
  deployment?.spec?.template?.spec.containers.flatMap(({ envFrom = [] }) =>
    envFrom.flatMap(({ secretRef }) => (secretRef ? [secretRef.name] : [])),
  );

async function schemaProblem(manifest: Manifest): Promise<string | undefined> {
  const group = manifest.apiVersion === 'v1' ? 'v1' : manifest.apiVersion;
  const kinds = (await import(`kubernetes-models/${group}`)) as Record<string, new (data: object) => Validatable>;
  const Kind = kinds[manifest.kind];
  if (!Kind) return `${manifest.apiVersion} has no ${manifest.kind}`;
  try {
    new Kind(manifest).validate();
    return undefined;
  } catch (error) {
    return `${manifest.kind} ${manifest.metadata.name}: ${(error as Error).message}`;
  }
}
interface Validatable {
  validate(): void;
}

describe.skipIf(!kubectlProgram).each(OVERLAYS)('the %s overlay', (overlay) => {
  const manifests = kubectlProgram ? render(overlay) : [];
  const named = (kind: string, name: string) =>
    manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);

  it('fits the schemas of Kubernetes', async () => {
    const problems = await Promise.all(manifests.map(schemaProblem));
    expect(problems.filter(Boolean)).toEqual([]);
  });

  it('keeps the rules of a restricted platform', () => {
    expect(problemsOf(manifests)).toEqual([]);
  });

  it.each(apps)('deploys %s with the Secret and the ports that it needs', (app) => {
    const deployment = named('Deployment', app);
    expect(deployment, `apps/${app} has no manifests: npx nx g @rookery/nx:manifests ${app}`).toBeDefined();
    const needsSecret = manifestOf(app).rookery.needs.includes('postgres');
    expect(secretsOf(deployment)).toEqual(needsSecret ? [app] : []);
    const containerPorts = deployment?.spec?.template?.spec.containers[0]?.ports?.map(({ name }) => name).sort();
    const servicePorts = named('Service', app)
      ?.spec?.ports?.map(({ name }) => name)
      .sort();
    expect(servicePorts).toEqual(containerPorts);
    const grpc = readFileSync(join(WORKSPACE, 'apps', app, 'src/main.ts'), 'utf8').includes('grpc: ');
    expect(servicePorts).toEqual(grpc ? ['grpc', 'http'] : ['http']);
  });

  it('lets the outside in at the gateway only', () => {
    const backends = manifests
      .filter(({ kind }) => kind === 'Ingress')
      .flatMap(({ spec }) => spec?.rules?.flatMap(({ http }) => http?.paths ?? []) ?? [])
      .map(({ backend }) => backend.service?.name);
    expect(backends).toEqual(['gateway']);
  });

  it('gives a token to those only that look others up', () => {
    const account = (name: string) => named('ServiceAccount', name);
    expect(account('rookery-service')?.automountServiceAccountToken).toBe(false);
    const callers = apps.filter(
      (app) => named('Deployment', app)?.spec?.template?.spec.serviceAccountName === 'rookery-discovery',
    );
    expect(callers).toEqual(expect.arrayContaining(['api-docs', 'gateway', 'orders']));
    expect(callers).not.toContain('catalog');
  });

  it('is found wanting when any part of it is taken away', async () => {
    const broken = (change: (manifest: Manifest) => void): string => {
      const copy = structuredClone(manifests);
      const catalog = copy.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'catalog');
      change(catalog as Manifest);
      return problemsOf(copy).join(' ');
    };
    const container = (manifest: Manifest) => manifest.spec?.template?.spec.containers[0] ?? expect.fail();
    expect(broken((it) => Object.assign(container(it), { readinessProbe: undefined }))).toMatch('readiness probe');
    expect(broken((it) => Object.assign(container(it), { resources: undefined }))).toMatch('memory limit');
    expect(broken((it) => Object.assign(container(it), { securityContext: {} }))).toMatch('drop of ALL');
    expect(broken((it) => Object.assign(container(it), { image: 'rookery/catalog:latest' }))).toMatch('tag');
    const without = (kind: string) => problemsOf(manifests.filter((manifest) => manifest.kind !== kind)).join(' ');
    expect(without('PodDisruptionBudget')).toMatch('Deployment orders has no PodDisruptionBudget.');
    expect(without('HorizontalPodAutoscaler')).toMatch('Deployment orders has no HorizontalPodAutoscaler.');
    expect(without('ServiceAccount')).toMatch('Deployment orders has no ServiceAccount.');
    expect(without('NetworkPolicy')).toMatch('No NetworkPolicy denies');
    const secret: Manifest = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } };
    expect(problemsOf([...manifests, secret])).toEqual(['Secret x is in git.']);
    const role: Manifest = { ...secret, kind: 'Role', rules: [{ resources: ['pods'], verbs: ['list'] }] };
    expect(problemsOf([...manifests, role])).toEqual(['Role x may do more than list and watch EndpointSlices.']);
    const deployment = named('Deployment', 'catalog') as Manifest;
    const wrong = { ...deployment, spec: { ...deployment.spec, replicas: 'three' } };
    expect(await schemaProblem(wrong)).toMatch('replicas');
  });
});

describe('make-secrets', () => {
  const list = () =>
    JSON.parse(
      execFileSync(process.execPath, [join(WORKSPACE, 'deploy/kubernetes/make-secrets.js')], { encoding: 'utf8' }),
    );

  it('makes a Secret for each app with a database, for Postgres, and for reading settings, with new passwords each time', () => {
    const [first, second] = [list(), list()];
    const names = first.items.map(({ metadata }: Manifest) => metadata.name);
    const withDatabase = apps.filter((app) => manifestOf(app).rookery.needs.includes('postgres'));
    expect(names).toEqual([...withDatabase, 'postgres', 'config-token']);
    const orders = first.items.find(({ metadata }: Manifest) => metadata.name === 'orders').stringData;
    expect(orders.DATABASE_URL).toMatch(/^postgres:\/\/orders:[\w-]{32}@postgres:5432\/orders$/);
    expect(orders.MESSAGING_URL).toMatch(/^postgres:\/\/messaging:/);
    expect(JSON.stringify(second)).not.toContain(new URL(orders.DATABASE_URL).password);
  });
});
