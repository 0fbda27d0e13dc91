import { callApi } from '@rookery/discovery/testing';
import type { KubernetesServer } from '@rookery/servers';

/** A token of a service account, as a pod of it gets one. */
export async function accountToken(server: KubernetesServer, namespace: string, account: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const { status } = (await callApi(server, 'POST', path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3_600 },
  })) as { status: { token: string } };
  return status.token;
}
