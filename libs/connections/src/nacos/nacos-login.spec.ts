import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConnectionErrors } from '../connection-errors.ts';
import { parseServerUrl } from '../server-url.ts';
import { NacosLogin } from './nacos-login.ts';

const said = (...words: string[]) => new Error(words.join(' '));
const errors: ConnectionErrors = {
  badUrl: said,
  missingClient: said,
  unreachable: (server, reason) => said(server, reason),
  refused: (server, what, reason) => said(server, what, reason),
  closed: said,
};

describe('signing in to Nacos', () => {
  const stop: Array<() => void> = [];
  afterEach(() => {
    for (const it of stop.splice(0)) it();
  });

  /** A login at a server that counts its tokens, and the paths it was asked for. */
  async function loginAt(listener: RequestListener, user = 'owl:hoot@') {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stop.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const form = { example: '', port: 8848, secureSchemes: [], parameters: [] };
    const url = parseServerUrl(`nacos://${user}127.0.0.1:${port}`, form, errors);
    const login = new NacosLogin(url);
    return () => login.headers(url.endpoints[0]);
  }

  it('uses a token until nine tenths of its time are over, whoever asks', async () => {
    let given = 0;
    const headers = await loginAt((_request, response) => {
      given++;
      response.end(JSON.stringify({ accessToken: `token-${given}`, tokenTtl: 1 }));
    });
    const many = await Promise.all(Array.from({ length: 10 }, headers));
    expect(new Set(many.map(({ accessToken }) => accessToken))).toEqual(new Set(['token-1']));
    await expect.poll(async () => (await headers()).accessToken, { timeout: 5_000 }).toBe('token-2');
  });

  it('asks by the path of Nacos 3 where that of Nacos 1 and 2 is not there', async () => {
    const asked: string[] = [];
    const headers = await loginAt((request, response) => {
      asked.push(request.url ?? '');
      response.statusCode = asked.length === 1 ? 404 : 200;
      response.end(JSON.stringify({ accessToken: 'token', tokenTtl: 60 }));
    });
    expect(await headers()).toEqual({ accessToken: 'token' });
    expect(asked).toEqual(['/nacos/v1/auth/login', '/nacos/v3/auth/user/login']);
  });

  it('tries again after a refusal, and shows no password', async () => {
    let refusals = 0;
    const headers = await loginAt((_request, response) => {
      response.statusCode = refusals++ === 0 ? 403 : 200;
      response.end(JSON.stringify({ accessToken: 'token', tokenTtl: 60 }));
    });
    const error = await headers().catch((refusal: Error) => refusal);
    expect((error as Error).message).toMatch(/sign in its user or password is not taken \(403\)/);
    expect((error as Error).message).not.toContain('hoot');
    expect(await headers()).toEqual({ accessToken: 'token' });
  });

  it('asks nobody where the URL has no user', async () => {
    expect(await (await loginAt(() => expect.unreachable(), ''))()).toEqual({});
  });
});
