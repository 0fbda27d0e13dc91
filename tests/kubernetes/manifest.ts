/** The parts of a Kubernetes object that the rules read. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: {
    selector?: { matchLabels?: Record<string, string> };
    template?: { metadata: { labels: Record<string, string> }; spec: PodSpec };
    scaleTargetRef?: { name: string };
    podSelector?: object;
    policyTypes?: string[];
    ingress?: unknown;
    egress?: unknown;
    ports?: Array<{ name?: string }>;
    rules?: Array<{ http?: { paths: Array<{ backend: { service?: { name: string } } }> } }>;
  };
  rules?: Array<{ resources: string[]; verbs: string[] }>;
  automountServiceAccountToken?: boolean;
  data?: Record<string, string>;
}

export interface PodSpec {
  serviceAccountName?: string;
  securityContext?: { runAsNonRoot?: boolean; seccompProfile?: { type?: string } };
  containers: Container[];
  hostAliases?: Array<{ ip: string; hostnames: string[] }>;
  volumes?: Array<{ name: string; hostPath?: { path: string; type: string } }>;
}

export interface Probe {
  httpGet?: { path?: string; port?: string | number };
  periodSeconds?: number;
  timeoutSeconds?: number;
  failureThreshold?: number;
}

export interface Container {
  name: string;
  image: string;
  envFrom?: Array<{ secretRef?: { name: string } }>;
  env?: Array<{ name: string; value?: string }>;
  volumeMounts?: Array<{ name: string; mountPath: string; readOnly?: boolean }>;
  ports?: Array<{ name?: string; containerPort?: number }>;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
  resources?: Record<'requests' | 'limits', { cpu?: string; memory?: string } | undefined>;
  securityContext?: {
    allowPrivilegeEscalation?: boolean;
    readOnlyRootFilesystem?: boolean;
    capabilities?: { drop?: string[] };
  };
}
