import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Authority, CertificateFolder } from '../testing/certificates.ts';
import { LIBRARY_PROTO, LibraryServer } from '../testing/library-server.ts';
import { type Rig, startRig, until } from '../testing/rig.ts';

let authority: Authority;
let stranger: Authority;
const folder = new CertificateFolder();
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  authority = await Authority.create();
  stranger = await Authority.create('CN=Somebody else');
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => folder.remove());

async function instance(options: ServerOptions = {}, issuer = authority): Promise<{ port: number; server: Server }> {
  const server = createServer({ ...(await issuer.issue('CN=orders')), ...options }, (request, response) => {
    const socket = request.socket as TLSSocket;
    const client = socket.getPeerCertificate();
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        client: client.subject?.CN,
        servername: socket.servername,
        proto: request.headers['x-forwarded-proto'],
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, server };
}

async function rigWith(upstreamTls?: object, more: object = {}): Promise<Rig> {
  folder.write(await authority.issue('CN=gateway'), authority);
  const rig = await startRig({ ...(upstreamTls && { upstreamTls }), ...more });
  closers.push(() => rig.close());
  return rig;
}

const https = { scheme: 'https' };

async function ask(rig: Rig, path = '/api/orders/a') {
  const response = await fetch(rig.url + path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('an instance that says scheme: https', () => {
  it('is called by TLS, its certificate verified by the authorities of the settings', async () => {
    const rig = await rigWith({ caFile: folder.caFile });
    rig.registry.setWith(https, 'orders', (await instance()).port);
    expect(await ask(rig)).toEqual({ status: 200, body: { servername: false, proto: 'http' } });
    const orders = rig.gateway.targets.of('orders');
    expect(orders?.instances.map((each) => orders.isSecure(each))).toEqual([true]);
  });

  it('is not called where its certificate is not trusted, or bears another name', async () => {
    const rig = await rigWith({ caFile: folder.caFile });
    rig.registry.setWith(https, 'orders', (await instance({}, stranger)).port);
    expect(await ask(rig)).toMatchObject({ status: 502, body: { code: 'UPSTREAM_FAILED' } });
    rig.registry.setWith({ ...https, 'tls-server-name': 'elsewhere.test' }, 'orders', (await instance()).port);
    expect(await ask(rig)).toMatchObject({ status: 502 });
    rig.registry.setWith({ ...https, 'tls-server-name': 'localhost' }, 'orders', (await instance()).port);
    expect(await ask(rig)).toMatchObject({ status: 200, body: { servername: 'localhost' } });
    const bare = await rigWith();
    bare.registry.setWith(https, 'orders', (await instance()).port);
    expect(await ask(bare)).toMatchObject({ status: 502 });
  });

  it('is told from one that does not, of the same service', async () => {
    const rig = await rigWith({ caFile: folder.caFile });
    const plain = await rig.upstream((_, response) => response.end('{}'));
    rig.registry.setWith({}, 'orders', plain.port);
    expect(await ask(rig)).toEqual({ status: 200, body: {} });
    rig.registry.setWith(https, 'orders', (await instance()).port);
    expect(await ask(rig)).toMatchObject({ status: 200, body: { proto: 'http' } });
  });
});

describe('a service that the settings name', () => {
  it('is called by TLS whatever its instances say, and the gateway shows its own certificate', async () => {
    const services = { orders: { serverName: 'localhost' } };
    const { caFile, certFile, keyFile } = folder;
    const demanding = () => instance({ requestCert: true, rejectUnauthorized: true, ca: authority.cert });
    const rig = await rigWith({ caFile, certFile, keyFile, services });
    rig.registry.set('orders', (await demanding()).port);
    expect(await ask(rig)).toEqual({
      status: 200,
      body: { client: 'gateway', servername: 'localhost', proto: 'http' },
    });
    const nameless = await rigWith({ caFile, services });
    nameless.registry.set('orders', (await demanding()).port);
    expect(await ask(nameless)).toMatchObject({ status: 502 });
  });

  it('serves WebSockets by TLS too', async () => {
    const { port, server } = await instance();
    new WebSocketServer({ server }).on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
    const rig = await rigWith({ caFile: folder.caFile, services: { orders: {} } });
    rig.registry.set('orders', port);
    const client = new WebSocket(`${rig.url.replace('http', 'ws')}/api/orders/echo`);
    await once(client, 'open');
    client.send('hello');
    const [data] = (await once(client, 'message')) as [Buffer];
    expect(String(data)).toBe('hello');
    client.close();
    await once(client, 'close');
  });

  it('serves gRPC by HTTP/2 over TLS', async () => {
    const { cert, key } = await authority.issue('CN=library');
    const pairs = [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }];
    const library = await LibraryServer.start(0, 'none', ServerCredentials.createSsl(null, pairs));
    closers.push(() => library.kill());
    const filters = [{ name: 'transcode', proto: [LIBRARY_PROTO] }];
    const rig = await rigWith(
      { caFile: folder.caFile, services: { library: { serverName: 'localhost' } } },
      { routes: [{ id: 'library', path: '/v1/**', service: 'library', filters }] },
    );
    rig.registry.setGrpc('library', library.port);
    expect(await ask(rig, '/v1/books/7')).toMatchObject({ status: 200, body: { name: 'books/7' } });
  });
});

describe('the files', () => {
  it('are read anew when they change: a new authority counts within seconds; what cannot be used changes nothing', async () => {
    const rig = await rigWith({ caFile: folder.caFile });
    rig.registry.setWith(https, 'orders', (await instance({}, stranger)).port);
    expect((await ask(rig)).status).toBe(502);
    folder.write(await authority.issue('CN=gateway'), stranger);
    await until('the new authority counts', async () => (await ask(rig)).status === 200);
    const before = readFileSync(folder.caFile, 'utf8');
    folder.write({ cert: 'none', key: 'none' }, { cert: 'no certificate' } as Authority);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await ask(rig)).status).toBe(200);
    expect(before).toContain('BEGIN CERTIFICATE');
  });

  it('that cannot be used, or half of a pair, refuse the settings whole', async () => {
    await expect(startRig({ upstreamTls: { caFile: '/nowhere/ca.crt' } })).rejects.toThrow(/\/nowhere\/ca\.crt/);
    await expect(startRig({ upstreamTls: { certFile: '/a.crt' } })).rejects.toThrow(/certFile and keyFile together/);
    const rig = await rigWith({ caFile: folder.caFile });
    const settings = {
      ...rig.gateway.settings,
      upstreamTls: { caFile: '/nowhere', minVersion: 'TLSv1.2', services: {} },
    };
    await expect(rig.gateway.rehearse(settings as never)).rejects.toThrow(/nowhere/);
    expect(() => rig.gateway.apply(settings as never)).toThrow(/nowhere/);
    rig.registry.setWith(https, 'orders', (await instance()).port);
    expect((await ask(rig)).status).toBe(200);
  });
});
