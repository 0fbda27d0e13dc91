import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Failure, messageOf } from '../failure.ts';
import { readSecrets, readState } from './state-file.ts';

export type ControlVerb = 'stop' | 'start' | 'restart';

export interface Control {
  url: string;
  token: string;
  close(): void;
}

const VERBS = new Set<string>(['stop', 'start', 'restart']);
const ANSWER_MS = 60_000;

/** Listens on loopback for `POST /apps/<name>/<verb>` from this machine's other commands; the token is in the secrets file. */
export async function openControl(execute: (verb: ControlVerb, app: string) => Promise<void>): Promise<Control> {
  const token = randomBytes(24).toString('base64url');
  const server = createServer((request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const [, apps, app = '', verb = ''] = (request.url ?? '').split('/');
    if (!authorised(request, token)) return answer(401, { message: 'The token is wrong.' });
    if (request.method !== 'POST' || apps !== 'apps' || !VERBS.has(verb))
      return answer(404, { message: 'There is no such command.' });
    execute(verb as ControlVerb, decodeURIComponent(app)).then(
      () => answer(200, {}),
      (error: unknown) => answer(409, { message: messageOf(error) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Sends a command to the platform that runs in this folder. */
export async function sendControl(home: string, verb: ControlVerb, app: string): Promise<void> {
  const url = readState(home)?.variables.CONTROL_URL;
  if (!url) throw new Failure(`No platform runs in ${home}; start one with npm start.`);
  const response = await fetch(`${url}/apps/${encodeURIComponent(app)}/${verb}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${readSecrets(home).CONTROL_TOKEN ?? ''}` },
    signal: AbortSignal.timeout(ANSWER_MS),
  }).catch((error: unknown) => {
    throw new Failure(`The platform of ${home} does not answer (${messageOf(error)}).`);
  });
  const { message } = (await response.json()) as { message?: string };
  if (!response.ok) throw new Failure(message ?? `The platform answered ${response.status}.`);
}

function authorised({ headers }: IncomingMessage, token: string): boolean {
  const given = Buffer.from(headers.authorization ?? '');
  const expected = Buffer.from(`Bearer ${token}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
