import type { Container, Manifest } from './manifest.ts';

/** What is wrong with the rendered manifests of a platform, one sentence each. */
export function problemsOf(manifests: Manifest[]): string[] {
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  return [
    ...deployments.flatMap((deployment) => deploymentProblems(deployment, manifests)),
    ...(deniesByDefault(manifests) ? [] : ['No NetworkPolicy denies everything by default.']),
    ...manifests.filter(({ kind }) => kind === 'Secret').map(({ metadata }) => `Secret ${metadata.name} is in git.`),
    ...manifests.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole').flatMap(roleProblems),
  ];
}

function deploymentProblems({ metadata, spec }: Manifest, manifests: Manifest[]): string[] {
  const { name } = metadata;
  const pod = spec?.template?.spec;
  const labels = spec?.template?.metadata.labels ?? {};
  const selects = (kind: string) =>
    manifests.some(
      (other) =>
        other.kind === kind &&
        Object.entries(other.spec?.selector?.matchLabels ?? { none: 'none' }).every(([key, at]) => labels[key] === at),
    );
  const has = (kind: string) => manifests.some((other) => other.kind === kind && other.metadata.name === name);
  const wanted: Array<[is: boolean | undefined, lack: string]> = [
    [selects('PodDisruptionBudget'), 'a PodDisruptionBudget'],
    [has('Service'), 'a Service'],
    [
      manifests.some((it) => it.kind === 'HorizontalPodAutoscaler' && it.spec?.scaleTargetRef?.name === name),
      'a HorizontalPodAutoscaler',
    ],
    [
      manifests.some((it) => it.kind === 'ServiceAccount' && it.metadata.name === pod?.serviceAccountName),
      'a ServiceAccount',
    ],
    [pod?.securityContext?.runAsNonRoot, 'runAsNonRoot'],
    [pod?.securityContext?.seccompProfile?.type === 'RuntimeDefault', 'the seccomp profile RuntimeDefault'],
  ];
  return [
    ...wanted.filter(([is]) => !is).map(([, lack]) => `Deployment ${name} has no ${lack}.`.replace('no a ', 'no ')),
    ...(pod?.containers ?? []).flatMap((container) => containerProblems(name, container)),
  ];
}

function containerProblems(deployment: string, container: Container): string[] {
  const { livenessProbe, readinessProbe, startupProbe, resources, securityContext, ports, image } = container;
  const wanted: Array<[is: boolean | undefined, lack: string]> = [
    [livenessProbe?.httpGet?.path === '/health/live', 'liveness probe of /health/live'],
    [readinessProbe?.httpGet?.path === '/health/ready', 'readiness probe of /health/ready'],
    [startupProbe !== undefined, 'startup probe'],
    [Boolean(resources?.requests?.cpu && resources.requests.memory), 'resource requests'],
    [Boolean(resources?.limits?.memory), 'memory limit'],
    [securityContext?.allowPrivilegeEscalation === false, 'allowPrivilegeEscalation: false'],
    [securityContext?.readOnlyRootFilesystem, 'read-only root file system'],
    [securityContext?.capabilities?.drop?.includes('ALL'), 'drop of ALL capabilities'],
    [ports?.some(({ name }) => name === 'http'), 'port named http'],
    [/:(?!latest$)[^/:]+$/.test(image), 'tag in its image'],
  ];
  return wanted.filter(([is]) => !is).map(([, lack]) => `Deployment ${deployment} has no ${lack}.`);
}

const deniesByDefault = (manifests: Manifest[]): boolean =>
  manifests.some(
    ({ kind, spec }) =>
      kind === 'NetworkPolicy' &&
      Object.keys(spec?.podSelector ?? { none: 1 }).length === 0 &&
      ['Ingress', 'Egress'].every((type) => spec?.policyTypes?.includes(type)) &&
      spec?.ingress === undefined &&
      spec?.egress === undefined,
  );

function roleProblems({ metadata, rules = [] }: Manifest): string[] {
  const ok = rules.every(
    ({ resources, verbs }) =>
      resources.every((one) => one === 'endpointslices') && verbs.every((one) => ['list', 'watch'].includes(one)),
  );
  return ok ? [] : [`Role ${metadata.name} may do more than list and watch EndpointSlices.`];
}
