import { connectionErrors } from '../../errors.ts';

/** Where Kubernetes puts the token, the certificate authority and the namespace of a pod. */
export const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What CONFIG_URL says of a Kubernetes API server. */
export interface KubernetesAddress {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** For messages: nothing secret. */
  readonly server: string;
  /** The pod's own when not given. */
  readonly namespace: string | undefined;
  /** Name of the ConfigMap; the service's when not given. */
  readonly name: string | undefined;
  /** How long one watch goes on; also how soon a connection that died in silence is noticed. */
  readonly waitS: number;
  readonly tokenFile: string;
  readonly caFile: string | undefined;
}

const PARAMETERS = ['namespace', 'name', 'wait', 'token-file', 'ca-file'];
const WAIT_S = 30;

/** @param environment of the pod: says where the API server is when the URL does not */
export function parseKubernetesUrl(text: string, environment: NodeJS.ProcessEnv = process.env): KubernetesAddress {
  const bad = (reason: string) => connectionErrors.badUrl(text, reason);
  const url = URL.parse(text);
  if (!url) throw bad('it is not of the form kubernetes:// or kubernetes://host:6443');
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) throw bad(`"${unknown}" is not one of ${PARAMETERS.join(', ')}`);
  const inPod = url.hostname === '';
  const host = inPod ? environment.KUBERNETES_SERVICE_HOST : url.hostname.replace(/^\[|\]$/g, '');
  if (!host) throw bad('it names no API server, and this process does not run in a pod');
  const parameter = (name: string) => url.searchParams.get(name) || undefined;
  const [, seconds] = /^([1-9]\d{0,2})s$/.exec(parameter('wait') ?? `${WAIT_S}s`) ?? [];
  if (seconds === undefined) throw bad('wait is not whole seconds from 1s to 999s');
  const port = Number((inPod ? environment.KUBERNETES_SERVICE_PORT : url.port) || 443);
  return {
    host,
    port,
    secure: url.protocol !== 'kubernetes+http:',
    server: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: parameter('namespace'),
    name: parameter('name'),
    waitS: Number(seconds),
    tokenFile: parameter('token-file') ?? `${SERVICE_ACCOUNT}/token`,
    caFile: parameter('ca-file') ?? (inPod ? `${SERVICE_ACCOUNT}/ca.crt` : undefined),
  };
}
