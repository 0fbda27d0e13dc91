import type { Container, Manifest, PodSpec } from '../manifest.ts';

/** Where pods find what a cluster gives them by itself. */
export interface Surroundings {
  /** Address of this host, where Postgres and the API server answer. */
  host: string;
  apiServerPort: number;
  /** Folder with the files that a pod of the account rookery-discovery finds. */
  accountFolder: string;
}

const API_SERVER = 'kubernetes.default.svc';
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Where podman's names stand in for the Services, which it does not have. */
const SERVICES: Record<string, string> = {
  CONFIG_URL: 'http://config-center-pod-0:3000',
  AUTH_ISSUER_ADDRESS: 'http://auth-pod-0:3000/auth',
};
/** Kinds that podman 4.3 runs or reads; of HorizontalPodAutoscaler, NetworkPolicy, Ingress, Role and the like it knows nothing. */
const RUN = new Set(['Deployment', 'ConfigMap']);

/** The dev overlay as podman 4.3 can run it: what it cannot is done by hand here or in the spec, and nothing else is changed. */
export function forPodman(manifests: Manifest[], surroundings: Surroundings): Manifest[] {
  return manifests
    .filter(({ kind }) => RUN.has(kind))
    .map((manifest) => adapted(structuredClone(manifest), surroundings));
}

function adapted(manifest: Manifest, surroundings: Surroundings): Manifest {
  if (manifest.kind === 'ConfigMap') return { ...manifest, data: { ...manifest.data, ...SERVICES } };
  const pod = manifest.spec?.template?.spec;
  if (!pod) return manifest;
  for (const container of pod.containers) {
    // The spec asks them as the kubelet does: podman would run curl inside of the image.
    delete container.livenessProbe;
    delete container.readinessProbe;
    delete container.startupProbe;
    // They would be open on this host.
    delete container.ports;
    // podman knows the name of a pod, and not its address.
    const known = container.env?.filter(({ name }) => name !== 'ADVERTISE_ADDRESS') ?? [];
    container.env = [...known, ...apiServer(surroundings.apiServerPort)];
  }
  pod.hostAliases = [{ ip: surroundings.host, hostnames: ['postgres', API_SERVER] }];
  if (pod.serviceAccountName === 'rookery-discovery') mountAccount(pod, surroundings.accountFolder);
  return manifest;
}

/** As the kubelet does for a service account whose token is mounted. */
function mountAccount(pod: PodSpec, folder: string): void {
  pod.volumes = [...(pod.volumes ?? []), { name: 'account', hostPath: { path: folder, type: 'Directory' } }];
  for (const container of pod.containers) {
    container.volumeMounts = [
      ...(container.volumeMounts ?? []),
      { name: 'account', mountPath: ACCOUNT, readOnly: true },
    ];
  }
}

/** What the kubelet tells every container; the name stands in the certificate of the API server. */
const apiServer = (port: number): NonNullable<Container['env']> => [
  { name: 'KUBERNETES_SERVICE_HOST', value: API_SERVER },
  { name: 'KUBERNETES_SERVICE_PORT', value: String(port) },
];
