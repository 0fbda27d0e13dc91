import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { EndpointSlice } from '../endpoint-slices.ts';

/**
 * A double of the API server, written from the published API: EndpointSlices of any namespace by POST, DELETE, LIST and
 * WATCH with label selectors, `resourceVersion`, bookmarks and 410. It is not Kubernetes: the contract also runs on a real
 * kube-apiserver (kubernetes.spec.ts).
 */
export class ApiDouble {
  readonly requests: string[] = [];
  #slices = new Map<string, EndpointSlice>();
  #events: Array<{ version: number; type: string; object: EndpointSlice }> = [];
  #version = 1;
  /** Events up to this version are forgotten. */
  #compactedTo = 0;
  readonly #watchers = new Set<{ send(): void; end(): void }>();
  readonly #sockets = new Set<Socket>();
  #server = createServer();
  port = 0;

  async start(): Promise<void> {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async kill(): Promise<void> {
    for (const watcher of this.#watchers) watcher.end();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Forgets the history, as etcd's compaction does, and ends every watch. */
  compact(): void {
    this.#compactedTo = this.#version;
    this.#events = [];
    for (const watcher of this.#watchers) watcher.end();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://double');
    this.requests.push(`${request.method} ${url.pathname}${url.search}`);
    const name = /\/endpointslices(?:\/([^/]+))?$/.exec(url.pathname)?.[1];
    if (request.method === 'POST') {
      const body = await text(request);
      this.#change('ADDED', JSON.parse(body) as EndpointSlice);
      return send(response, 201, {});
    }
    if (request.method === 'DELETE') {
      const slice = this.#slices.get(name ?? '');
      if (!slice) return send(response, 404, { message: 'not found' });
      this.#change('DELETED', slice);
      return send(response, 200, {});
    }
    if (url.searchParams.get('watch') === 'true') return this.#watch(url, response);
    const items = [...this.#slices.values()].filter(matches(url));
    return send(response, 200, { metadata: { resourceVersion: String(this.#version) }, items });
  }

  #change(type: 'ADDED' | 'DELETED', slice: EndpointSlice): void {
    this.#version++;
    const object = { ...slice, metadata: { ...slice.metadata, resourceVersion: String(this.#version) } };
    if (type === 'ADDED') this.#slices.set(slice.metadata.name, object);
    else this.#slices.delete(slice.metadata.name);
    this.#events.push({ version: this.#version, type, object });
    for (const watcher of this.#watchers) watcher.send();
  }

  #watch(url: URL, response: ServerResponse): void {
    let sent = Number(url.searchParams.get('resourceVersion'));
    response.writeHead(200, { 'content-type': 'application/json' });
    const line = (event: unknown): boolean => response.write(`${JSON.stringify(event)}\n`);
    if (sent < this.#compactedTo) {
      line({ type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old resource version' } });
      response.end();
      return;
    }
    const watcher = {
      send: () => {
        for (const { version, type, object } of this.#events) {
          if (version > sent && matches(url)(object)) line({ type, object });
        }
        sent = this.#version;
      },
      end: () => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        response.end();
      },
    };
    const timer = setTimeout(
      () => {
        line({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(this.#version) } } });
        watcher.end();
      },
      Number(url.searchParams.get('timeoutSeconds')) * 1_000,
    );
    this.#watchers.add(watcher);
    response.once('close', watcher.end);
    response.flushHeaders();
    watcher.send();
  }
}

const matches = (url: URL) => {
  const wanted = (url.searchParams.get('labelSelector') ?? '').split(',').filter(Boolean);
  return ({ metadata: { labels = {} } }: EndpointSlice): boolean =>
    wanted.every((requirement) => {
      const [label = '', value] = requirement.split('=');
      return labels[label] === value;
    });
};

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
