import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Authority, CertificateFolder, type Pair } from '../../testing/certificates.ts';
import { type Rig, startRig, until } from '../../testing/rig.ts';

let authority: Authority;
let client: Pair;
let folder: CertificateFolder;
let rig: Rig;
let port: number;

beforeAll(async () => {
  authority = await Authority.create();
  client = await authority.issue('CN=orders');
  folder = new CertificateFolder();
  folder.write(await authority.issue('CN=localhost, O=first'), authority);
  const { certFile, keyFile, caFile } = folder;
  rig = await startRig({ tls: { port: 0, certFile, keyFile, caFile, clientAuth: 'require' } });
  const upstream = await rig.upstream((incoming, response) => {
    incoming.resume().on('end', () => response.end(incoming.headers['x-forwarded-client-cert']));
  });
  rig.registry.set('catalog', upstream.port);
  port = rig.gateway.tlsPort as number;
});
afterAll(async () => {
  await rig.close();
  folder.remove();
});

/** A request on a connection of its own; answers the organisation that the gateway's certificate names. */
async function ask(): Promise<string> {
  const asking = request(`https://localhost:${port}/api/catalog/a`, { ca: authority.cert, ...client, agent: false });
  const arrived = once(asking, 'response');
  asking.end();
  const [response] = await arrived;
  const { subject } = response.socket.getPeerCertificate();
  let body = '';
  for await (const chunk of response) body += chunk;
  if (response.statusCode !== 200 || !body.includes('CN=orders')) throw new Error(`${response.statusCode} ${body}`);
  return subject.O;
}

it('a certificate that is renewed again and again under load costs no request, on new connections or old ones', async () => {
  const seen = new Set<string>();
  const failures: unknown[] = [];
  let asked = 0;
  let stop = false;
  const onNew = async () => {
    while (!stop) {
      await ask().then(
        (organisation) => seen.add(organisation),
        (error: unknown) => failures.push(error),
      );
      asked++;
    }
  };
  const session = connectHttp2(`https://localhost:${port}`, { ca: authority.cert, ...client });
  session.on('error', (error) => failures.push(error));
  const onOne = async () => {
    while (!stop) {
      const stream = session.request({ ':path': '/api/catalog/a' });
      const [{ ':status': status }] = (await once(stream, 'response')) as [Record<string, unknown>];
      for await (const _ of stream);
      if (status !== 200) failures.push(status);
      asked++;
    }
  };
  const clients = [onNew(), onNew(), onNew(), onOne(), onOne()];
  for (const name of ['second', 'third', 'fourth']) {
    const before = asked;
    folder.write(await authority.issue(`CN=localhost, O=${name}`), authority);
    await until(`the ${name} certificate is served`, () => seen.has(name));
    await until('load goes on', () => asked > before + 20);
  }
  stop = true;
  await Promise.all(clients);
  session.destroy();
  expect(failures).toEqual([]);
  expect([...seen]).toEqual(['first', 'second', 'third', 'fourth']);
}, 60_000);

it('another authority for clients is in force too: the old ones are out, also those that would resume a session', async () => {
  const options = { port, host: 'localhost', ca: authority.cert };
  const one = connect({ ...options, ...client });
  const session = once(one, 'session') as Promise<[Buffer]>;
  await once(one, 'secureConnect');
  one.write('GET /api/catalog/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  const [ticket] = await session;
  one.resume();
  await once(one, 'close');
  const others = await Authority.create('CN=Others');
  folder.write(await authority.issue('CN=localhost, O=fifth'), others);
  const statusOf = async (pair: Pair, resumed?: Buffer) => {
    const socket = connect({ ...options, ...pair, ...(resumed && { session: resumed }) });
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => {});
    socket.write('GET /api/catalog/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await once(socket, 'close');
    return answer.slice(0, 12);
  };
  const stranger = await others.issue('CN=stranger');
  await until('the other authority counts', async () => (await statusOf(stranger)) === 'HTTP/1.1 200');
  expect([await statusOf(client), await statusOf(client, ticket)]).toEqual(['', '']);
});
