import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Instance } from '@rookery/discovery';

export type HttpHandler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** An HTTP server on a free port whose answers the test writes. */
export interface HttpTestServer {
  readonly instance: Instance;
  readonly requests: string[];
  handle: HttpHandler;
  /** As kill -9: sockets are gone under the running requests. */
  kill(): void;
}

export const answerJson = (
  response: ServerResponse,
  status: number,
  body: unknown,
  type = 'application/json',
): void => {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
};

export async function startHttpServer(id: string): Promise<HttpTestServer> {
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    state.handle(request, response, Buffer.concat(chunks).toString());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const state: HttpTestServer = {
    instance: { id, service: 'catalog', address: '127.0.0.1', port, weight: 1, metadata: {} },
    requests,
    handle: (_request, response) => answerJson(response, 200, { id: 'film-1', title: id }),
    kill: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return state;
}
