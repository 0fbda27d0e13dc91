import { discoveryErrors } from '../../errors.ts';

/** What DISCOVERY_URL says of a Kubernetes API server. */
export interface KubernetesAddress {
  host: string;
  port: number;
  secure: boolean;
  /** For messages: host and port, nothing secret. */
  server: string;
  /** The pod's own when not given. */
  namespace?: string;
  /** Which EndpointSlices are ours, as a label selector; Kubernetes copies a Service's labels to its slices. */
  selector: string;
  /** How long one watch goes on; also how soon a connection that died in silence is noticed. */
  waitMs: number;
  /** Undefined where a client certificate takes its place. */
  tokenFile?: string;
  caFile?: string;
  certFile?: string;
  keyFile?: string;
}

const SELECTOR = 'app.kubernetes.io/part-of=rookery';
const WAIT_MS = 30_000;
const PARAMETERS = new Set(['namespace', 'selector', 'wait', 'token-file', 'ca-file', 'cert-file', 'key-file']);

/** Where Kubernetes puts the token, the certificate authority and the namespace of a pod. */
export const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** @param environment of the pod: says where the API server is when the URL does not */
export function parseKubernetesUrl(text: string, environment: NodeJS.ProcessEnv = process.env): KubernetesAddress {
  const url = URL.parse(text);
  if (!url) throw discoveryErrors.badUrl(text, 'it is not of the form kubernetes:// or kubernetes://host:6443');
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.has(name));
  if (unknown !== undefined) {
    throw discoveryErrors.badUrl(text, `"${unknown}" is not one of ${[...PARAMETERS].join(', ')}`);
  }
  const inPod = url.hostname === '';
  const host = inPod ? environment.KUBERNETES_SERVICE_HOST : url.hostname.replace(/^\[|\]$/g, '');
  if (!host) throw discoveryErrors.badUrl(text, 'it names no API server, and this process does not run in a pod');
  const port = Number((inPod ? environment.KUBERNETES_SERVICE_PORT : url.port) || 443);
  const parameter = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  const caFile = parameter('ca-file') ?? (inPod ? `${SERVICE_ACCOUNT}/ca.crt` : undefined);
  const [certFile, keyFile] = [parameter('cert-file'), parameter('key-file')];
  const tokenFile = parameter('token-file') ?? (certFile ? undefined : `${SERVICE_ACCOUNT}/token`);
  const namespace = parameter('namespace');
  return {
    host,
    port,
    secure: url.protocol !== 'kubernetes+http:',
    server: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    ...(namespace ? { namespace } : {}),
    selector: parameter('selector') ?? SELECTOR,
    waitMs: parseWait(parameter('wait'), text),
    ...(tokenFile ? { tokenFile } : {}),
    ...(caFile ? { caFile } : {}),
    ...(certFile ? { certFile } : {}),
    ...(keyFile ? { keyFile } : {}),
  };
}

function parseWait(wait: string | undefined, url: string): number {
  if (wait === undefined) return WAIT_MS;
  const seconds = /^([1-9]\d{0,2})s$/.exec(wait)?.[1];
  if (seconds === undefined)
    throw discoveryErrors.badUrl(url, `wait is "${wait}" and not whole seconds from 1s to 999s`);
  return Number(seconds) * 1_000;
}
