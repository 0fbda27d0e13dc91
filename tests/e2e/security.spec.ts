import { spawn } from 'node:child_process';
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as oidc from 'openid-client';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StartedPlatform, startPlatform } from '../platform/platform.ts';
import { call, eventually } from './client.ts';

const REDIRECT = 'http://127.0.0.1:9/callback';
const TILL = { id: 'till', name: 'Till', secret: 'x'.repeat(43), permissions: ['order:create'] };
const COMMAND = { id: 'rookery-dev', name: 'This machine', secret: 'z'.repeat(43), permissions: ['*'] };
const CLIENTS = [TILL, COMMAND, { id: 'shop-web', name: 'Shop <web>', redirectUris: [REDIRECT] }];
const MAIN = resolve(import.meta.dirname, '../../libs/cli/src/main.ts');
const PASSWORD = 'a password of my own';

let platform: StartedPlatform;
let issuer: string;
const folder = mkdtempSync(join(tmpdir(), 'rookery-clients-'));

beforeAll(async () => {
  const file = join(folder, 'clients.json');
  writeFileSync(file, JSON.stringify(CLIENTS), { mode: 0o600 });
  platform = await startPlatform({ only: ['gateway', 'auth'], env: { AUTH_CLIENTS_FILE: file } });
  issuer = `${platform.gatewayUrl}/auth`;
  // The command reads what it is from the platform's home, where the file was not ours.
  writeFileSync(join(platform.home, 'auth-clients.json'), JSON.stringify([COMMAND]));
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

/** The real command, in the folder of the platform. */
class Command {
  said = '';
  readonly ended: Promise<number | null>;

  constructor(...parameters: string[]) {
    const child = spawn(process.execPath, [MAIN, ...parameters], {
      env: { ...process.env, NODE_OPTIONS: '', ROOKERY_HOME: platform.home },
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        this.said += data.toString();
      });
    this.ended = once(child, 'close').then(([code]) => code as number | null);
  }

  /** What it says in all, once it has ended well. */
  async result(): Promise<string> {
    expect([await this.ended, this.said]).toEqual([0, this.said]);
    return this.said.trim();
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
    expect(consent.text).toContain('You are signed in as admin.');
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

describe('rookery accounts and clients', () => {
  const rookery = (...parameters: string[]) => new Command(...parameters).result();
  const refused = async (...parameters: string[]) => {
    const command = new Command(...parameters);
    expect(await command.ended).toBe(1);
    return command.said;
  };
  const signIn = async (username: string, password: string) => {
    const configuration = await discover('shop-web');
    const { url, checks } = await request(configuration);
    const person = new Visitor();
    const login = await person.visit(url);
    const form = { action: 'login', username, password, newPassword: `${PASSWORD} too` };
    const consent = await person.visit(login.url, form);
    const done = await person.visit(consent.url, { action: 'consent' });
    return {
      status: consent.status,
      tokens: () => oidc.authorizationCodeGrant(configuration, new URL(done.url), checks),
    };
  };
  const oneTime = (said: string) => /once with (\S+) and/.exec(said)?.[1] ?? '';

  test('an account is added, listed, signs in, is disabled and enabled, and gets another password', async () => {
    const added = await rookery('accounts', 'add', 'eve', '--permission', 'order:create', 'auth:account:*');
    expect(await rookery('accounts', 'list')).toMatch(/eve .*order:create auth:account:\* .*one-time password/);
    expect(await refused('accounts', 'add', 'eve')).toContain('There is an account eve already.');
    const signedIn = await signIn('eve', oneTime(added));
    const tokens = await signedIn.tokens();
    expect(partOf(tokens.access_token, 1)).toMatchObject({ permissions: ['order:create', 'auth:account:*'] });

    // Who may administer accounts gives nobody more than they have, nor takes over who has more.
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    const accounts = `${platform.gatewayUrl}/api/auth/accounts`;
    const beyond = { status: 403, body: { code: 'GRANT_BEYOND_OWN' } };
    expect(await call(accounts, { json: { username: 'mallory', permissions: ['*'] }, headers })).toMatchObject(beyond);
    expect(await call(`${accounts}/admin/password`, { method: 'POST', headers })).toMatchObject(beyond);
    expect(await call(`${accounts}/admin`, { method: 'PATCH', json: { disabled: true }, headers })).toMatchObject(
      beyond,
    );
    expect(await call(`${platform.gatewayUrl}/api/auth/clients`, { headers })).toMatchObject({ status: 403 });

    await rookery('accounts', 'disable', 'eve');
    expect(await rookery('accounts', 'list')).toMatch(/eve .*disabled/);
    await expect(oidc.refreshTokenGrant(await discover('shop-web'), tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    expect((await signIn('eve', `${PASSWORD} too`)).status).toBe(401);
    await rookery('accounts', 'enable', 'eve');
    const again = oneTime(await rookery('accounts', 'password', 'eve'));
    expect((await signIn('eve', `${PASSWORD} too`)).status).toBe(401);
    expect((await signIn('eve', again)).status).toBe(200);
    expect(await refused('accounts', 'disable', 'nobody')).toContain('There is no account nobody.');
  });

  test('a client is added with a secret of its own, listed, and removed with what it may', async () => {
    const added = await rookery('clients', 'add', 'kiosk', '--permission', 'order:create');
    const secret = /the secret (\S+);/.exec(added)?.[1] ?? '';
    expect(secret.length).toBeGreaterThanOrEqual(43);
    const configuration = await discover('kiosk', secret);
    const tokens = await oidc.clientCredentialsGrant(configuration);
    expect(partOf(tokens.access_token, 1)).toMatchObject({ client_id: 'kiosk', permissions: ['order:create'] });
    const listed = await rookery('clients', 'list');
    expect(listed).toMatch(/kiosk .*secret .*order:create/);
    expect(listed).toContain(`docs comes back to ${platform.gatewayUrl}/docs/oauth2-redirect.html`);
    expect(listed).not.toContain(secret);
    expect(await refused('clients', 'add', 'kiosk')).toContain('There is a client kiosk already.');
    await rookery('clients', 'remove', 'kiosk');
    await expect(oidc.clientCredentialsGrant(configuration)).rejects.toMatchObject({ status: 401 });
    expect(await refused('clients', 'remove', 'docs')).toContain("the platform's own");
  });
});

describe('a device without a browser', () => {
  const begin = async (configuration: oidc.Configuration) =>
    oidc.initiateDeviceAuthorization(configuration, { scope: 'openid offline_access', prompt: 'consent' });
  const xsrfOf = ({ text }: { text: string }) => /name="xsrf" value="([^"]+)"/.exec(text)?.[1] ?? '';

  test('is signed in by a person who compares its code, and stays so', async () => {
    const configuration = await discover('rookery-cli');
    const device = await begin(configuration);
    const person = new Visitor();
    const entered = await person.visit(device.verification_uri);
    const wrong = await person.visit(entered.url, { xsrf: xsrfOf(entered), user_code: 'BBBB-BBBB' });
    expect(wrong.text).toContain('There is no such code');
    const asked = await person.visit(entered.url, { xsrf: xsrfOf(wrong), user_code: device.user_code.toLowerCase() });
    expect(asked.text).toContain('Rookery command line wants to be signed in as you');
    expect(asked.text).toContain(device.user_code);
    const yes = { xsrf: xsrfOf(asked), user_code: device.user_code, confirm: 'yes' };
    const login = await person.visit(asked.url, yes);
    const consent = await person.visit(login.url, { action: 'login', username: 'admin', password: PASSWORD });
    expect(consent.text).toContain('You go back to the device');
    const done = await person.visit(consent.url, { action: 'consent' });
    expect(done.text).toContain('Your device is signed in.');

    const tokens = await oidc.pollDeviceAuthorizationGrant(configuration, { ...device, interval: 1 });
    expect(partOf(tokens.access_token, 1)).toMatchObject({ client_id: 'rookery-cli', roles: ['admin'] });
    const again = await oidc.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
    expect(again.access_token).not.toBe(tokens.access_token);
  });

  test('gets nothing when the person stops, nor by a form of another site', async () => {
    const configuration = await discover('rookery-cli');
    const device = await begin(configuration);
    const person = new Visitor();
    const entered = await person.visit(device.verification_uri);
    const foreign = { xsrf: 'guessed', user_code: device.user_code, confirm: 'yes' };
    const refused = await person.visit(entered.url, foreign);
    expect(refused.status).toBe(400);
    const stop = { xsrf: xsrfOf(await person.visit(device.verification_uri)), user_code: device.user_code };
    expect((await person.visit(entered.url, { ...stop, abort: 'yes' })).text).toContain('Nobody was signed in.');
    await expect(oidc.pollDeviceAuthorizationGrant(configuration, { ...device, interval: 1 })).rejects.toMatchObject({
      error: 'access_denied',
    });
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

describe.skipIf(!CHROMIUM)('rookery login', () => {
  test.each([
    ['en', 'dark', 'Is this your code?', 'Sign in', 'Allow access?', 'Done', 1280],
    ['zh-CN', 'light', '这是您的代码吗？', '登录', '是否允许访问？', '已完成', 390],
  ] as const)(
    'shows a code, and keeps the token of who compared it on the pages: %s, %s',
    async (locale, colorScheme, compare, signIn, allow, done, width) => {
      const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
      const command = new Command('login');
      try {
        const [, url = '', code = ''] = await eventually('a code is shown', async () => {
          return /Open (\S+)\s+and compare the code {2}(\S+)/.exec(command.said) ?? undefined;
        });
        const page = await browser.newPage({ locale, colorScheme, viewport: { width, height: 800 } });
        const complaints: string[] = [];
        page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
        const picture = async (name: string) => {
          const to = process.env.ROOKERY_SCREENSHOTS_TO;
          if (to) await page.screenshot({ path: join(to, `${name}-${locale}-${colorScheme}.png`) });
        };
        await page.goto(`${issuer}/device`);
        await picture('device-code');
        await page.goto(url);
        await page.getByRole('heading', { name: compare }).waitFor();
        expect(await page.locator('p.code').textContent()).toBe(code);
        await picture('device-confirm');
        await page.locator('button:not([name])').click();
        await page.getByRole('heading', { name: signIn, exact: true }).waitFor();
        await picture('device-sign-in');
        await page.locator('input[name=username]').fill('admin');
        await page.locator('input[name=password]').fill(PASSWORD);
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: allow }).waitFor();
        await picture('device-consent');
        await page.locator('button[value=consent]').click();
        await page.getByRole('heading', { name: done }).waitFor();
        await picture('device-done');
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        expect(complaints).toEqual([]);
      } finally {
        await browser.close();
      }
      expect(await command.result()).toMatch(/Signed in\./);
      expect(statSync(join(platform.home, 'login.json')).mode & 0o777).toBe(0o600);
      const tokens = await Promise.all([new Command('token').result(), new Command('token').result()]);
      expect(new Set(tokens).size).toBe(1);
      expect(partOf(tokens[0] ?? '', 1)).toMatchObject({ client_id: 'rookery-cli', roles: ['admin'] });
    },
  );

  test('renews a token that ends, once however many ask, and logs out', async () => {
    const file = join(platform.home, 'login.json');
    const before = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...before, expiresAtMs: Date.now() }));
    const tokens = await Promise.all([1, 2, 3].map(() => new Command('token').result()));
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).not.toBe(before.accessToken);
    expect(await new Command('logout').result()).toBe('Signed out.');
    expect(existsSync(file)).toBe(false);
    const { refreshToken } = before;
    await expect(oidc.refreshTokenGrant(await discover('rookery-cli'), refreshToken)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    expect(await new Command('logout').result()).toBe('Nobody is signed in here.');
  });
});

test('nothing of a secret stands in the logs but the one-time password', () => {
  const logs = platform.logs('auth').map((entry) => JSON.stringify(entry));
  expect(logs.join('\n')).not.toMatch(/"d":|PRIVATE KEY/);
  expect(logs.join('\n')).not.toContain(TILL.secret);
  expect(logs.join('\n')).not.toContain(PASSWORD);
});
