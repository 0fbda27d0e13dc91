import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Instance } from '../../../discovery.ts';
import { type EndpointSlice, SERVICE_NAME } from '../endpoint-slices.ts';

/** An API server and somebody who may write there. */
export interface SliceApi {
  /** `https://127.0.0.1:6443` */
  url: string;
  namespace: string;
  token?: string;
  ca?: string;
}

/** Does what Kubernetes does for a ready pod: an EndpointSlice with its address, here one for each instance. */
export async function publishSlice(api: SliceApi, instance: Instance): Promise<{ release(): Promise<void> }> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${api.namespace}/endpointslices`;
  await callApi(api, 'POST', path, sliceOf(instance));
  let released = false;
  return {
    async release() {
      if (released) return;
      released = true;
      await callApi(api, 'DELETE', `${path}/${instance.id}`);
    },
  };
}

function sliceOf({ id, service, address, port, grpcPort, zone }: Instance): EndpointSlice & object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: id, labels: { [SERVICE_NAME]: service, 'app.kubernetes.io/part-of': 'rookery' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port }, ...(grpcPort === undefined ? [] : [{ name: 'grpc', port: grpcPort }])],
    endpoints: [
      {
        addresses: [address],
        conditions: { ready: true },
        targetRef: { kind: 'Pod', name: id },
        ...(zone ? { zone } : {}),
      },
    ],
  } as EndpointSlice;
}

/** One call on a connection of its own, so that it leaves no handle. */
export async function callApi(
  { url, token, ca }: Omit<SliceApi, 'namespace'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const headers = {
    'content-type': 'application/json',
    connection: 'close',
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const options = { method, headers, agent: false as const, timeout: 10_000, ...(ca ? { ca } : {}) };
  const call = request(`${url}${path}`, options, async (response) => {
    try {
      const answer = await text(response);
      if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(answer));
      else reject(new Error(`${method} ${path} was answered ${response.statusCode}: ${answer}`));
    } catch (error) {
      reject(error);
    }
  });
  call.once('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}
