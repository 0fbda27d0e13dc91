import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { sharedPlatform } from '../platform/shared.ts';
import { type Answer, call, eventually } from './client.ts';
import { Shop } from './shop.ts';

const platform = sharedPlatform();
const gateway = platform.gatewayUrl;
const shop = new Shop(platform);

/** What every refusal has in common: problem details, a code, and nothing of the inside. */
function expectProblem({ status, headers, body }: Answer, expected: number): void {
  expect(status).toBe(expected);
  expect(headers.get('content-type')).toContain('application/problem+json');
  expect(body).toMatchObject({ status: expected, code: expect.any(String), detail: expect.any(String) });
  expect(JSON.stringify(body)).not.toMatch(/\n\s+at |node_modules|\.ts:\d|\.js:\d|postgres:\/\//);
}

const post = async (body: string, type = 'application/json'): Promise<Answer> =>
  call(`${gateway}/api/orders`, {
    method: 'POST',
    body,
    headers: { 'content-type': type, ...(await shop.authorization()) },
  });

test('malformed JSON is a 400', async () => expectProblem(await post('{"items":[{'), 400));

test('a body of another type is a 415', async () => expectProblem(await post('<order/>', 'application/xml'), 415));

test.each([
  ['no items', {}, /items/],
  ['items of a wrong type', { items: 'none' }, /items/],
  ['a quantity that is text', { items: [{ filmId: 'film-1', quantity: 'two' }] }, /quantity/],
  ['a negative quantity', { items: [{ filmId: 'film-1', quantity: -1 }] }, /quantity/],
  ['nothing ordered', { items: [] }, /items/],
])('%s is a 400 that names the path', async (_, body, path) => {
  const answer = await post(JSON.stringify(body));
  expectProblem(answer, 400);
  expect(JSON.stringify(answer.body)).toMatch(path);
});

test('a film that does not exist is refused by its id', async () => {
  const answer = await post(JSON.stringify({ items: [{ filmId: 'no-such-film', quantity: 1 }] }));
  expectProblem(answer, 422);
  expect(answer.body.detail).toContain('no-such-film');
});

test('a prototype-poisoning body changes nothing', async () => {
  expectProblem(await post('{"__proto__":{"admin":true},"items":[]}'), 400);
});

test('a 50 MB body is refused before it is read', async () => {
  const { hostname, port } = new URL(gateway);
  const socket = connect(Number(port), hostname);
  const answer = Promise.withResolvers<string>();
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
    if (received.includes('\r\n\r\n')) answer.resolve(received);
  });
  socket.on('error', answer.reject);
  socket.write(
    `POST /api/orders HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${50 * 1024 * 1024}\r\n\r\n{"items":`,
  );
  expect(await answer.promise).toMatch(/^HTTP\/1\.1 413 /);
  socket.destroy();
});

test('a 50 MB body that is sent whole is a 413 and leaves the service well', async () => {
  const body = JSON.stringify({ items: [], filler: 'x'.repeat(50 * 1024 * 1024) });
  const answer = await post(body).catch((error: Error) => error);
  if (!(answer instanceof Error)) expectProblem(answer, 413);
  expect((await call(`${gateway}/api/catalog/films?page=1`)).status).toBe(200);
});

test.each([
  ['/api/catalog/nothing', 404],
  ['/api/no-such-service/x', 404],
  ['/nothing', 404],
  ['/api/catalog/films?page=abc', 400],
  ['/api/catalog/films?page=-1', 400],
  ['/api/catalog/films/no-such-film', 404],
  ['/api/orders/not-an-id', 400],
])('GET %s is a %i', async (path, status) =>
  expectProblem(await call(gateway + path, { headers: await shop.authorization() }), status),
);

test.each(['/api/orders/../../metrics', '/api/orders/%2e%2e/%2e%2e/metrics', '/api/orders/..%2f..%2fmetrics'])(
  'the inner endpoints cannot be reached by %s',
  async (path) => {
    const { hostname, port } = new URL(gateway);
    const socket = connect(Number(port), hostname);
    socket.end(`GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\n\r\n`);
    let received = '';
    for await (const chunk of socket) received += chunk;
    expect(received).toMatch(/^HTTP\/1\.1 (400|404) /);
    expect(received).not.toContain('# HELP');
  },
);

test('a poison message ends in the dead letters, is listed, and does not stall the queue', async () => {
  const { publish } = await platform.messaging();
  const id = crypto.randomUUID();
  const principal = { subject: 'ada', roles: [], permissions: ['order:create'] };
  const payload = { nonsense: true };
  await publish([{ id, topic: 'order.placed', payload, headers: {}, principal, occurredAtMs: Date.now() }]);
  const dead = await eventually('the poison message is a dead letter', async () => {
    const { body } = await call(`${gateway}/api/fulfilment/dead-letters`, { headers: await shop.authorization() });
    return body.items.find((letter: { id: string }) => letter.id === id);
  });
  expect(dead.reason).toMatch(/orderId/);
});
