import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RegistryProcess } from '../testing/registry-process.ts';

/** Far above what the kernel keeps between two sockets of a machine. */
const ENDLESS_BYTES = 48 * 1024 * 1024;

let registry: RegistryProcess;
beforeAll(async () => {
  registry = await RegistryProcess.start();
}, 30_000);
afterAll(() => registry.stop());

const opened: Socket[] = [];
afterAll(() => {
  for (const socket of opened) socket.destroy();
});

/** A client that says `text` over and over and reads nothing; how much of it the registry took before it took no more. */
async function takenOf(head: string, text: string): Promise<number> {
  const socket = connect(registry.port, '127.0.0.1').on('error', () => {});
  opened.push(socket);
  socket.pause();
  socket.write(head);
  const piece = text.repeat(Math.ceil(65_536 / text.length));
  let idle = 0;
  let taken = 0;
  while (idle < 10 && taken < ENDLESS_BYTES && !socket.destroyed) {
    while (socket.writableLength < 1024 * 1024) socket.write(piece);
    await pause(50);
    const now = socket.bytesWritten - socket.writableLength;
    idle = now === taken ? idle + 1 : 0;
    taken = now;
  }
  return taken;
}

async function answersStill(): Promise<void> {
  const response = await fetch(`${registry.url}/v1/catalog/services`, { signal: AbortSignal.timeout(10_000) });
  expect(response.status).toBe(200);
}

const DEEP = `{"Name":"a","Meta":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`;
const BODIES = [
  '{',
  'null',
  '[]',
  '"text"',
  '1e999',
  '\0\u00ff\u0000',
  DEEP,
  '['.repeat(100_000),
  '{"__proto__":{"Name":"a"},"constructor":1}',
  '{"Name":{"toString":1},"name":["a"],"instance":{"app":{"$":1},"port":{"$":"NaN"}}}',
  '<instance><app>A</app>',
  '<!DOCTYPE x [<!ENTITY a "aaaa">]><instance><app>&a;</app></instance>',
  `<instance>${'<a>'.repeat(20_000)}</instance>`,
  'serviceName=a%ZZ&ip=%00&port=-1',
  `serviceName=${'@@'.repeat(5_000)}&ip=1.1.1.1&port=1`,
  'serviceName=a&ip=1.1.1.1&port=1&metadata={"a":{"b":{}}}&weight=Infinity',
  'serviceName=a&beat={"ip":[],"port":{}}',
];
const ENDPOINTS = [
  ['PUT', '/v1/agent/service/register'],
  ['PUT', '/v1/agent/check/update/x'],
  ['PUT', '/v1/session/create'],
  ['POST', '/eureka/apps/A'],
  ['POST', '/nacos/v1/ns/instance'],
  ['PUT', '/nacos/v1/ns/instance/beat'],
  ['POST', '/nacos/v2/ns/instance'],
] as const;
/** What a session without any field is, and what a client's own text is not the registry's to judge. */
const TAKEN = [200, 204];

describe('clients that mean no good', { timeout: 90_000 }, () => {
  it.each(ENDPOINTS)('are refused at %s %s in a short answer, whatever they send', async (method, path) => {
    for (const body of BODIES) {
      const response = await fetch(registry.url + path, { method, body, signal: AbortSignal.timeout(10_000) });
      const text = await response.text();
      const shown = `${body.slice(0, 60)} -> ${response.status} ${text.slice(0, 300)}`;
      expect(TAKEN.includes(response.status) || (response.status >= 400 && response.status < 500), shown).toBe(true);
      expect(text.length, shown).toBeLessThan(2_000);
    }
    await answersStill();
  });

  it('are refused what is too large before it is taken in', async () => {
    for (const [method, path] of ENDPOINTS) {
      const body = 'x'.repeat(3 * 1024 * 1024);
      const response = await fetch(registry.url + path, { method, body }).catch(() => undefined);
      if (response) expect(response.status, path).toBe(413);
    }
    await answersStill();
  });

  it.each([
    [
      'heartbeats',
      'GET /v1/rookery/heartbeats HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: rookery-heartbeats\r\n\r\n',
      'a\n',
    ],
    ['requests', '', 'GET /v1/agent/self HTTP/1.1\r\nhost: a\r\n\r\n'],
  ])('are read no further when they send %s and read no answer', async (_what, head, text) => {
    expect(await takenOf(head, text)).toBeLessThan(ENDLESS_BYTES);
    await answersStill();
  });

  it('do not keep others waiting by names and queries that are odd', async () => {
    for (const path of [
      '/v1/health/service/%00?index=1&wait=-1s',
      '/v1/health/service/__proto__?passing&passing&passing',
      '/v1/catalog/service/%ZZ',
      '/v1/kv/a?cas=1&cas=2&acquire=x',
      '/v1/kv/%E0%A4%A?recurse',
      `/v1/kv/${'a/'.repeat(3_000)}`,
      '/v1/health/service/a?index=99999999999999999999&wait=1ms',
      '/eureka/apps/__proto__/constructor',
      '/eureka/vips/%2e%2e',
      '/nacos/v1/ns/instance/list?serviceName=__proto__&clusters=constructor&udpPort=99999999',
      '/nacos/v1/ns/instance/list?serviceName=%40%40a',
      '/nacos/v2/ns/service/list?pageNo=-1&pageSize=1e9',
    ]) {
      const response = await fetch(registry.url + path, { signal: AbortSignal.timeout(10_000) });
      const text = await response.text();
      expect(response.status, `${path} ${response.status} ${text.slice(0, 200)}`).toBeLessThan(500);
    }
    await answersStill();
  });
});
