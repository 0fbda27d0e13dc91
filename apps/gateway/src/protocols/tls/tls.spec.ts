import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { get as httpsGet } from 'node:https';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Authority, CertificateFolder, type Pair } from '../../testing/certificates.ts';
import { type Rig, startRig, until } from '../../testing/rig.ts';

let authority: Authority;
let stranger: Authority;
let client: Pair;
let folder: CertificateFolder;
let rig: Rig;
let port: number;
let seen: NodeJS.Dict<string | string[]>[] = [];

const start = async (clientAuth: 'none' | 'request' | 'require', settings = {}) => {
  const { certFile, keyFile, caFile } = folder;
  const started = await startRig({ tls: { port: 0, certFile, keyFile, caFile, clientAuth }, ...settings });
  const upstream = await started.upstream((request, response) => {
    seen.push(request.headers);
    request.resume().on('end', () => response.end(`${request.method} ${request.url}`));
  });
  started.registry.set('catalog', upstream.port);
  return { rig: started, port: started.gateway.tlsPort as number };
};

beforeAll(async () => {
  authority = await Authority.create();
  stranger = await Authority.create('CN=Somebody else');
  client = await authority.issue('CN=orders, O="Rookery, Inc."');
  folder = new CertificateFolder();
  folder.write(await authority.issue('CN=localhost'), authority);
  ({ rig, port } = await start('request'));
});
afterAll(async () => {
  await rig.close();
  folder.remove();
});

interface Got {
  status: number;
  body: string;
}

async function overHttp2(toPort: number, path: string, options: ConnectionOptions = {}, headers = {}): Promise<Got> {
  const session = connectHttp2(`https://localhost:${toPort}`, { ca: authority.cert, ...options });
  try {
    const stream = session.request({ ':path': path, ...headers });
    const [answer] = (await once(stream, 'response')) as [Record<string, string>];
    let body = '';
    for await (const chunk of stream) body += chunk;
    return { status: Number(answer[':status']), body };
  } finally {
    session.destroy();
  }
}

async function overHttp1(toPort: number, path: string, options: ConnectionOptions = {}, headers = {}): Promise<Got> {
  const request = httpsGet(`https://localhost:${toPort}${path}`, {
    ca: authority.cert,
    agent: false,
    headers,
    ...options,
  });
  const [response] = await once(request, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, body };
}

it('a port that another process has is said in a sentence, before anybody is told of the gateway', async () => {
  const { certFile, keyFile } = folder;
  await expect(startRig({ tls: { port: rig.port, certFile, keyFile } })).rejects.toMatchObject({
    code: 'GATEWAY_TLS_PORT',
    message: expect.stringMatching(
      /^The TLS port \d+ cannot be had on 127\.0\.0\.1 \(.*EADDRINUSE.*\)\. Stop what has it/,
    ),
  });
});

describe('TLS', () => {
  it.each([
    ['HTTP/2', overHttp2],
    ['HTTP/1.1', overHttp1],
  ])('serves %s by ALPN, and says upstream that it was https', async (_, ask) => {
    seen = [];
    expect(await ask(port, '/api/catalog/films?page=2')).toEqual({
      status: 200,
      body: 'GET /api/catalog/films?page=2',
    });
    expect(seen[0]).toMatchObject({ 'x-forwarded-proto': 'https', 'x-forwarded-for': '127.0.0.1' });
    expect(seen[0]?.['x-forwarded-client-cert']).toBeUndefined();
    expect((await ask(port, '/nowhere')).status).toBe(404);
  });

  it('serves curl with both protocols', async () => {
    const curl = async (...options: string[]) => {
      const { stdout } = await promisify(execFile)('curl', [
        ...['--silent', '--cacert', folder.caFile, '--write-out', ' %{http_version} %{http_code}', ...options],
        `https://localhost:${port}/api/catalog/a`,
      ]);
      return stdout;
    };
    expect(await curl('--http2')).toBe('GET /api/catalog/a 2 200');
    expect(await curl('--http1.1')).toBe('GET /api/catalog/a 1.1 200');
    expect(await curl('--http2', '--data-binary', 'x'.repeat(100_000))).toBe('POST /api/catalog/a 2 200');
  });

  it('carries WebSockets', async () => {
    const { server, port: instance } = await rig.upstream(() => {});
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket, request) =>
      socket.on('message', () => socket.send(String(request.headers['x-forwarded-proto']))),
    );
    rig.registry.set('chat', instance);
    const socket = new WebSocket(`wss://localhost:${port}/api/chat/room`, { ca: authority.cert });
    await once(socket, 'open');
    socket.send('?');
    expect(String((await once(socket, 'message'))[0])).toBe('https');
    socket.close();
    await once(socket, 'close');
    sockets.close();
  });

  it('takes nothing older than TLS 1.2', async () => {
    const socket = connect({ port, host: 'localhost', ca: authority.cert, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' });
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toMatch(/^ERR_SSL|ECONNRESET/);
  });

  it('survives bytes that are no TLS', async () => {
    const plain = (await import('node:net')).connect(port, '127.0.0.1');
    plain.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    plain.on('error', () => {});
    await once(plain, 'close');
    expect((await overHttp1(port, '/api/catalog/a')).status).toBe(200);
  });
});

describe('a client certificate', () => {
  const spoof = { 'x-forwarded-client-cert': 'Hash=0;Subject="CN=admin"', 'x-forwarded-for': '6.6.6.6' };

  it.each([
    ['HTTP/2', overHttp2],
    ['HTTP/1.1', overHttp1],
  ])('that is valid goes upstream in the header that a client cannot set, over %s', async (_, ask) => {
    seen = [];
    await ask(port, '/api/catalog/a', client, spoof);
    await ask(port, '/api/catalog/a', {}, spoof);
    expect(seen[0]?.['x-forwarded-client-cert']).toMatch(
      /^Hash=[0-9a-f]{64};Subject="(CN=orders,O=Rookery\\\\, Inc\.|O=Rookery\\\\, Inc\.,CN=orders)"$/,
    );
    expect(seen[1]?.['x-forwarded-client-cert']).toBeUndefined();
    expect(seen[1]?.['x-forwarded-for']).toBe('127.0.0.1');
  });

  it('of an authority that is not ours says nothing where it is only asked for', async () => {
    seen = [];
    await overHttp2(port, '/api/catalog/a', await stranger.issue('CN=admin'));
    expect(seen[0]?.['x-forwarded-client-cert']).toBeUndefined();
  });

  it('is a must where it is required', async () => {
    const strict = await start('require');
    expect((await overHttp2(strict.port, '/api/catalog/a', client)).status).toBe(200);
    await expect(overHttp1(strict.port, '/api/catalog/a')).rejects.toThrow();
    await expect(overHttp1(strict.port, '/api/catalog/a', await stranger.issue('CN=admin'))).rejects.toThrow();
    await strict.rig.close();
  });
});

describe('another certificate in the files', () => {
  const certificateNow = async () => {
    const socket = connect({ port, host: 'localhost', ca: authority.cert, servername: 'localhost' });
    await once(socket, 'secureConnect');
    const { subject } = (socket as TLSSocket).getPeerCertificate();
    socket.destroy();
    return subject.O;
  };

  it('is in force within seconds; what runs goes on, and a wrong one changes nothing', async () => {
    const session = connectHttp2(`https://localhost:${port}`, { ca: authority.cert });
    await once(session, 'connect');
    folder.write(await authority.issue('CN=localhost, O=second'), authority);
    await until('the second certificate is served', async () => (await certificateNow()) === 'second');
    folder.write({ cert: 'no certificate', key: 'no key' }, authority);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await certificateNow()).toBe('second');
    folder.write(await authority.issue('CN=localhost, O=third'), authority);
    await until('the third certificate is served', async () => (await certificateNow()) === 'third');
    const stream = session.request({ ':path': '/api/catalog/a' });
    const [answer] = (await once(stream, 'response')) as [Record<string, unknown>];
    expect(answer[':status']).toBe(200);
    session.destroy();
  });

  it('that is no pair at the start stops the start with the names of the files', async () => {
    const broken = new CertificateFolder();
    broken.write({ cert: client.cert, key: (await authority.issue('CN=other')).key }, authority);
    const { certFile, keyFile } = broken;
    await expect(startRig({ tls: { port: 0, certFile, keyFile } })).rejects.toThrow(
      new RegExp(`${certFile}.*${keyFile}`),
    );
    await expect(startRig({ tls: { port: 0, certFile, keyFile, clientAuth: 'require' } })).rejects.toThrow(
      /tls\.caFile: clientAuth require needs a caFile/,
    );
    broken.remove();
  });
});

it('a connection that waits too long for its next request is closed, as without TLS', async () => {
  const short = await start('none', { keepAliveTimeoutMs: 200 });
  const socket = connect({ port: short.port, host: 'localhost', ca: authority.cert });
  await once(socket, 'secureConnect');
  socket.write('GET /api/catalog/a HTTP/1.1\r\nHost: h\r\n\r\n');
  expect(String((await once(socket, 'data'))[0])).toContain('200 OK');
  await once(socket.resume(), 'close');
  await short.rig.close();
});
