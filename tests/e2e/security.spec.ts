import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as oidc from 'openid-client';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StartedPlatform, startPlatform } from '../platform/platform.ts';
import { call } from './client.ts';

const REDIRECT = 'http://127.0.0.1:9/callback';
const TILL = { id: 'till', name: 'Till', secret: 'x'.repeat(43), permissions: ['order:create'] };
const CLIENTS = [TILL, { id: 'shop-web', name: 'Shop <web>', redirectUris: [REDIRECT] }];
const PASSWORD = 'a password of my own';

let platform: StartedPlatform;
let issuer: string;
const folder = mkdtempSync(join(tmpdir(), 'rookery-clients-'));

beforeAll(async () => {
  const file = join(folder, 'clients.json');
  writeFileSync(file, JSON.stringify(CLIENTS), { mode: 0o600 });
  platform = await startPlatform({ only: ['gateway', 'auth'], env: { AUTH_CLIENTS_FILE: file } });
  issuer = `${platform.gatewayUrl}/auth`;
});
afterAll(async () => {
  await platform?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const discover = (id: string, secret?: string): Promise<oidc.Configuration> =>
  oidc.discovery(new URL(issuer), id, secret, secret ? oidc.ClientSecretBasic(secret) : oidc.None(), {
    execute: [oidc.allowInsecureRequests],
  });

const partOf = (token: string, index: number): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString());

/** A browser as far as the pages need one: it keeps cookies by path and follows redirects on the platform. */
class Visitor {
  readonly #cookies = new Map<string, { value: string; path: string }>();

  async visit(url: string, form?: Record<string, string>): Promise<{ status: number; url: string; text: string }> {
    const { pathname } = new URL(url);
    const cookies = [...this.#cookies].filter(([, { path }]) => pathname.startsWith(path));
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: cookies.map(([name, { value }]) => `${name}=${value}`).join('; '), 'accept-language': 'en' },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, { value, path: /path=([^;]+)/i.exec(line)?.[1] ?? '/' });
    }
    const location = response.headers.get('location');
    if (!location) return { status: response.status, url, text: await response.text() };
    await response.body?.cancel();
    const next = new URL(location, url).href;
    return next.startsWith(REDIRECT) ? { status: 302, url: next, text: '' } : this.visit(next);
  }
}

const oneTimePassword = (): string => {
  const said = platform.logs('auth').flatMap(({ event = '' }) => /sign in once as admin with (\S+)/.exec(event) ?? []);
  if (!said[1]) throw new Error('no one-time password was printed');
  return said[1];
};

async function request(configuration: oidc.Configuration, more: Record<string, string> = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const url = oidc.buildAuthorizationUrl(configuration, {
    redirect_uri: REDIRECT,
    scope: 'openid profile offline_access',
    prompt: 'consent',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    ...more,
  });
  return { url: url.href, checks: { pkceCodeVerifier: verifier, expectedState: state } };
}

describe('a program with a secret', () => {
  test('gets a token by client credentials, which says what it may do', async () => {
    const tokens = await oidc.clientCredentialsGrant(await discover(TILL.id, TILL.secret));
    expect(partOf(tokens.access_token, 0)).toMatchObject({ alg: 'RS256', typ: 'at+jwt', kid: expect.any(String) });
    expect(partOf(tokens.access_token, 1)).toMatchObject({
      iss: issuer,
      aud: 'urn:rookery:api',
      client_id: 'till',
      permissions: ['order:create'],
    });
    expect(tokens.expires_in).toBeLessThanOrEqual(600);
  });

  test('gets none with a wrong one, nor for another audience', async () => {
    const wrong = await discover(TILL.id, 'y'.repeat(43));
    await expect(oidc.clientCredentialsGrant(wrong)).rejects.toMatchObject({ status: 401 });
    const right = await discover(TILL.id, TILL.secret);
    await expect(oidc.clientCredentialsGrant(right, { resource: 'urn:other' })).rejects.toMatchObject({
      error: 'invalid_target',
    });
  });

  test('may not administer', async () => {
    const { access_token: token } = await oidc.clientCredentialsGrant(await discover(TILL.id, TILL.secret));
    const url = `${platform.gatewayUrl}/api/auth/accounts`;
    const json = { username: 'ada' };
    expect(await call(url, { json })).toMatchObject({ status: 401, body: { code: 'TOKEN_MISSING' } });
    const headers = { authorization: `Bearer ${token}` };
    expect(await call(url, { json, headers })).toMatchObject({ status: 403, body: { code: 'PERMISSION_MISSING' } });
    const forged = { authorization: `Bearer ${token.slice(0, -6)}AAAAAA` };
    expect(await call(url, { json, headers: forged })).toMatchObject({ status: 401, body: { code: 'TOKEN_REFUSED' } });
  });
});

describe('the gateway refuses, before the service that it is for, a token that', () => {
  type Part = Record<string, unknown>;
  const base64 = (part: Part) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const made = (header: Part, claims: Part, signature: (input: string) => string) => {
    const input = `${base64(header)}.${base64(claims)}`;
    return `${input}.${signature(input)}`;
  };
  const goodToken = async () => (await oidc.clientCredentialsGrant(await discover(TILL.id, TILL.secret))).access_token;
  const ask = (token: string) =>
    call(`${platform.gatewayUrl}/api/auth/accounts`, {
      json: { username: 'eve' },
      headers: { authorization: `Bearer ${token}` },
    });
  const issuerKey = async () => {
    const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: JsonWebKey[] };
    return createPublicKey({ key: keys[0] as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  };
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const byStranger = (input: string) => sign('sha256', Buffer.from(input), privateKey).toString('base64url');

  test.each<[string, (good: string) => string | Promise<string>]>([
    ['is forged', (good) => `${good.slice(0, -6)}AAAAAA`],
    ['is signed by a stranger', (good) => made(partOf(good, 0), partOf(good, 1), byStranger)],
    [
      'puts its expiry off',
      (good) => `${good.split('.')[0]}.${base64({ ...partOf(good, 1), exp: 4e9 })}.${good.split('.')[2]}`,
    ],
    ['needs no signature', (good) => made({ ...partOf(good, 0), alg: 'none' }, partOf(good, 1), () => '')],
    [
      'takes the public key for a secret',
      async (good) => {
        const pem = await issuerKey();
        return made({ ...partOf(good, 0), alg: 'HS256' }, partOf(good, 1), (input) =>
          createHmac('sha256', pem).update(input).digest('base64url'),
        );
      },
    ],
  ])('%s', async (_, change) => {
    const refused = await ask(await change(await goodToken()));
    expect(refused).toMatchObject({ status: 401, body: { code: 'TOKEN_REFUSED' } });
    expect(refused.headers.get('x-refused-by')).toBe('auth');
    expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  test('a good token gets as far as the service, which decides', async () => {
    const decided = await ask(await goodToken());
    expect(decided).toMatchObject({ status: 403, body: { code: 'PERMISSION_MISSING' } });
    expect(decided.headers.get('x-refused-by')).toBeNull();
  });
});

describe('a person', () => {
  test('signs in with the one-time password, chooses another, consents, and the client gets tokens that rotate', async () => {
    const configuration = await discover('shop-web');
    const { url, checks } = await request(configuration);
    const person = new Visitor();
    const login = await person.visit(url);
    expect(login.text).toContain('to continue to Shop &lt;web&gt;');
    const wrong = await person.visit(login.url, { action: 'login', username: 'admin', password: 'wrong' });
    expect(wrong).toMatchObject({ status: 401, text: expect.stringContaining('Name or password is wrong.') });
    const password = oneTimePassword();
    const choose = await person.visit(login.url, { action: 'login', username: 'admin', password });
    expect(choose.text).toContain('New password');
    const consent = await person.visit(login.url, {
      ...{ action: 'login', username: 'admin', password, newPassword: PASSWORD },
    });
    expect(consent.text).toContain('Allow access?');
    const done = await person.visit(consent.url, { action: 'consent' });
    expect(done.url).toMatch(`${REDIRECT}?code=`);

    const tokens = await oidc.authorizationCodeGrant(configuration, new URL(done.url), checks);
    expect(tokens.claims()).toMatchObject({ preferred_username: 'admin', roles: ['admin'] });
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    const added = await call(`${platform.gatewayUrl}/api/auth/accounts`, { json: { username: 'ada' }, headers });
    expect(added).toMatchObject({ status: 201, body: { username: 'ada', oneTimePassword: expect.any(String) } });
    const idToken = { authorization: `Bearer ${tokens.id_token}` };
    expect(
      await call(`${platform.gatewayUrl}/api/auth/accounts`, { json: { username: 'bob' }, headers: idToken }),
    ).toMatchObject({ status: 401, body: { code: 'TOKEN_REFUSED' } });

    const first = tokens.refresh_token ?? '';
    const refreshed = await oidc.refreshTokenGrant(configuration, first);
    expect(refreshed.refresh_token).not.toBe(first);
    await expect(oidc.refreshTokenGrant(configuration, first)).rejects.toMatchObject({ error: 'invalid_grant' });
    // Who shows a used one has stolen it, or was stolen from: all that came of it ends.
    await expect(oidc.refreshTokenGrant(configuration, refreshed.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await expect(oidc.authorizationCodeGrant(configuration, new URL(done.url), checks)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('who denies sends the client away without a code', async () => {
    const { url } = await request(await discover('shop-web'));
    const person = new Visitor();
    const login = await person.visit(url);
    const denied = await person.visit(login.url, { action: 'deny' });
    expect(denied.url).toContain('error=access_denied');
  });

  test('cannot use the one-time password again', async () => {
    const person = new Visitor();
    const login = await person.visit((await request(await discover('shop-web'))).url);
    const again = { action: 'login', username: 'admin', password: oneTimePassword() };
    expect(await person.visit(login.url, again)).toMatchObject({ status: 401 });
  });

  test('who has not begun there gets no page of somebody else', async () => {
    const login = await new Visitor().visit((await request(await discover('shop-web'))).url);
    expect(await new Visitor().visit(login.url)).toMatchObject({ status: 400 });
    const form = { action: 'login', username: 'admin', password: PASSWORD };
    expect(await new Visitor().visit(login.url, form)).toMatchObject({ status: 400 });
  });

  test.each([
    ['without PKCE', { code_challenge: '', code_challenge_method: '' }],
    ['with plain PKCE', { code_challenge_method: 'plain' }],
    ['with another way back', { redirect_uri: 'https://evil.example/' }],
    ['for a token in the URL', { response_type: 'token' }],
  ])('is not asked %s', async (_, more) => {
    const { url } = await request(await discover('shop-web'), more);
    const asked = new URL(url);
    for (const [name, value] of [...asked.searchParams]) if (value === '') asked.searchParams.delete(name);
    const answer = await new Visitor().visit(asked.href);
    expect(answer.url.includes('error=') || answer.status === 400).toBe(true);
    expect(answer.text).not.toContain('name="password"');
  });
});

const CHROMIUM = process.env.CHROMIUM_PATH ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);

describe.skipIf(!CHROMIUM)('the sign-in pages in Chromium', () => {
  test.each([
    ['en', 'Sign in', 'Allow access?', 1280],
    ['zh-CN', '登录', '是否允许访问？', 390],
  ])('speak %s, from sign-in to consent and back to the client', async (locale, signIn, allow, width) => {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
    try {
      const page = await browser.newPage({ locale, viewport: { width, height: 800 } });
      const complaints: string[] = [];
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      const picture = async (name: string) => {
        const to = process.env.ROOKERY_SCREENSHOTS_TO;
        if (to) await page.screenshot({ path: join(to, `${name}-${locale}.png`) });
      };
      await page.goto((await request(await discover('shop-web'))).url);
      expect(await page.locator('h1').textContent()).toBe(signIn);
      expect(await page.locator('html').getAttribute('lang')).toBe(locale);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      await picture('sign-in');
      await page.locator('input[name=username]').fill('admin');
      await page.locator('input[name=password]').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: allow }).waitFor();
      await picture('consent');
      expect(complaints).toEqual([]);
      const back = page.waitForRequest((sent) => sent.url().startsWith(REDIRECT));
      await page.locator('button[value=consent]').click();
      expect((await back).url()).toContain('code=');
    } finally {
      await browser.close();
    }
  });
});

test('nothing of a secret stands in the logs but the one-time password', () => {
  const logs = platform.logs('auth').map((entry) => JSON.stringify(entry));
  expect(logs.join('\n')).not.toMatch(/"d":|PRIVATE KEY/);
  expect(logs.join('\n')).not.toContain(TILL.secret);
  expect(logs.join('\n')).not.toContain(PASSWORD);
});
