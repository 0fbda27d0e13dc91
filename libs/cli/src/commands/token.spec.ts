import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { declareDevClient } from '../home/auth-clients.ts';
import { writeState } from '../home/state-file.ts';
import { accessToken } from './token.ts';

let home: string;
const servers: Server[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rookery-token-'));
  declareDevClient(home);
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((closed) => server.close(closed))));
  rmSync(home, { recursive: true });
});

async function answering(status: number, body: object): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function platformOf(gateway: string, auth?: string): void {
  const one = { index: 1, purpose: '', state: 'ready', restarts: 0 } as const;
  writeState(home, {
    pid: process.pid,
    phase: 'ready',
    startedAt: new Date().toISOString(),
    services: auth ? [{ ...one, name: 'auth', urls: { http: auth } }] : [],
    variables: { GATEWAY_URL: gateway },
  });
}

const token = () => accessToken('', { ROOKERY_HOME: home });

it('comes by way of the gateway', async () => {
  platformOf(await answering(200, { access_token: 'one' }), await answering(200, { access_token: 'other' }));
  expect(await token()).toBe('one');
});

it('comes from auth itself where the routes of the gateway lead nowhere, so that they can be mended', async () => {
  platformOf(await answering(404, { code: 'ROUTE_UNKNOWN' }), await answering(200, { access_token: 'other' }));
  expect(await token()).toBe('other');
});

it('is refused in the words of who was asked first', async () => {
  const gateway = await answering(401, { error_description: 'client authentication failed' });
  platformOf(gateway, await answering(500, {}));
  await expect(token()).rejects.toThrow(`${gateway} gives no token: client authentication failed.`);
  platformOf(await answering(404, {}));
  await expect(token()).rejects.toThrow('it answered 404');
});
