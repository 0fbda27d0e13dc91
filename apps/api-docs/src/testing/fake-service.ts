import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Instance } from '@rookery/discovery';

/** An HTTP server on a free port that stands in the registry as one instance of a service. */
export interface FakeService {
  instance: Instance;
  requests: () => number;
  close(): Promise<void>;
}

let count = 0;

export async function fakeService(
  service: string,
  answer: RequestListener,
  metadata: Record<string, string> = { openapi: '/openapi.json', version: '1.0.0' },
): Promise<FakeService> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    instance: { id: `${service}-${++count}`, service, address: '127.0.0.1', port, weight: 1, metadata },
    requests: () => requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers an OpenAPI document with this title. */
export const documentOf =
  (title: string): RequestListener =>
  (_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        openapi: '3.1.0',
        info: { title, version: '1.2.3' },
        servers: [{ url: 'http://x' }],
        paths: {},
      }),
    );
  };
