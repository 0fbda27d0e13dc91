import { createHmac, createPublicKey } from 'node:crypto';
import { startTestIssuer, type TestIssuer } from '@rookery/security/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Rig, startRig } from '../../testing/rig.ts';

let issuer: TestIssuer;
let rig: Rig | undefined;
let reached: number;

beforeEach(async () => {
  issuer = await startTestIssuer();
});
afterEach(async () => {
  await rig?.close();
  await issuer.close();
});

/** A gateway with this filter before a service that answers whatever comes. */
async function guarded(settings: Record<string, unknown> = {}): Promise<Rig> {
  rig = await startRig({
    routes: [
      {
        id: 'services',
        path: '/api/{service}/**',
        service: '{service}',
        filters: [{ name: 'auth', issuer: issuer.issuer, audience: issuer.audience, ...settings }],
      },
    ],
  });
  reached = 0;
  const { port } = await rig.upstream((_request, response) => {
    reached++;
    response.end('films');
  });
  rig.registry.set('catalog', port);
  return rig;
}

async function ask(token?: string): Promise<Record<string, unknown>> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${rig?.url}/api/catalog/films`, { headers });
  const text = await response.text();
  return {
    status: response.status,
    code: text.startsWith('{') ? JSON.parse(text).code : undefined,
    refusedBy: response.headers.get('x-refused-by'),
    challenge: response.headers.get('www-authenticate'),
  };
}

const refused = (code: string, challenge: string, status = 401) => ({ status, code, refusedBy: 'auth', challenge });
const INVALID = 'Bearer realm="rookery", error="invalid_token"';

const base64 = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const SOON = Math.floor(Date.now() / 1_000);

describe('the gateway refuses, before any service sees it, a token that', () => {
  it.each<[string, () => string]>([
    ['is forged', () => `${issuer.token().slice(0, -12)}AAAAAAAAAAAA`],
    ['has expired', () => issuer.token({ claims: { iat: SOON - 600, exp: SOON - 300 } })],
    [
      'says that it needs no signature',
      () => {
        const [, claims] = issuer.token().split('.');
        return `${base64({ alg: 'none', typ: 'at+jwt', kid: issuer.jwk.kid })}.${claims}.`;
      },
    ],
    [
      'is signed with the public key as a secret',
      () => {
        const pem = createPublicKey(issuer.publicKey.export({ type: 'spki', format: 'pem' })).export({
          type: 'spki',
          format: 'pem',
        });
        return issuer.token({
          header: { alg: 'HS256' },
          signature: (input) => createHmac('sha256', pem).update(input).digest('base64url'),
        });
      },
    ],
    ['is meant for somebody else', () => issuer.token({ claims: { aud: 'urn:other' } })],
    ['comes from another issuer', () => issuer.token({ claims: { iss: 'https://evil.example' } })],
    ['is an ID token', () => issuer.token({ header: { typ: 'JWT' } })],
    ['names a key that the issuer does not have', () => issuer.token({ header: { kid: 'other' } })],
    ['brings its own key', () => issuer.token({ header: { jwk: issuer.jwk, kid: 'mine' } })],
    ['is no token', () => 'rubbish'],
  ])('%s', async (_, token) => {
    await guarded();
    expect(await ask(token())).toEqual(refused('TOKEN_REFUSED', INVALID));
    expect(reached).toBe(0);
  });
});

describe('a token', () => {
  it('that is good passes, and none where it is optional', async () => {
    await guarded();
    expect(await ask(issuer.token())).toMatchObject({ status: 200, refusedBy: null, challenge: null });
    expect(await ask()).toMatchObject({ status: 200 });
    expect(reached).toBe(2);
  });

  it('is asked for where it is required, also of who shows something else', async () => {
    await guarded({ mode: 'required' });
    expect(await ask()).toEqual(refused('TOKEN_MISSING', 'Bearer realm="rookery"'));
    const basic = await fetch(`${rig?.url}/api/catalog/films`, { headers: { authorization: 'Basic YTpi' } });
    expect(basic.status).toBe(401);
    expect(await ask(issuer.token())).toMatchObject({ status: 200 });
  });

  it('must grant the permissions of the route, by wildcards', async () => {
    await guarded({ permissions: ['order:create'] });
    const granting = (...permissions: string[]) => issuer.token({ claims: { permissions } });
    expect(await ask(granting('order:*'))).toMatchObject({ status: 200 });
    const challenge = 'Bearer realm="rookery", error="insufficient_scope", scope="order:create"';
    expect(await ask(granting('order:show'))).toEqual(refused('PERMISSION_MISSING', challenge, 403));
    expect(await ask()).toMatchObject({ status: 401 });
  });

  it('must name one of the roles of the route', async () => {
    await guarded({ roles: ['admin', 'clerk'] });
    expect(await ask(issuer.token({ claims: { roles: ['clerk'] } }))).toMatchObject({ status: 200 });
    expect(await ask(issuer.token({ claims: { roles: ['guest'] } }))).toMatchObject({ status: 403 });
  });

  it('is verified once and its key fetched once, however often it comes', async () => {
    await guarded();
    const token = issuer.token();
    for (let time = 0; time < 20; time++) expect(await ask(token)).toMatchObject({ status: 200 });
    expect(issuer.keyFetches).toBe(1);
  });

  it('that was revoked is refused: by its id, by its subject, by its age', async () => {
    const issuedBefore = new Date(Date.now() - 60_000).toISOString();
    await guarded({
      revoked: { tokenIds: ['stolen'], subjects: ['mallory', { subject: 'bob', issuedBefore }] },
    });
    const of = (claims: Record<string, unknown>) => ask(issuer.token({ claims }));
    expect(await of({ jti: 'stolen' })).toEqual(refused('TOKEN_REFUSED', INVALID));
    expect(await of({ jti: 'own' })).toMatchObject({ status: 200 });
    expect(await of({ sub: 'mallory' })).toMatchObject({ status: 401 });
    expect(await of({ sub: 'bob', iat: SOON - 120 })).toMatchObject({ status: 401 });
    expect(await of({ sub: 'bob', iat: SOON })).toMatchObject({ status: 200 });
  });
});

it('says 503 and not 401 while the keys of the issuer cannot be had', async () => {
  await guarded();
  const token = issuer.token();
  await issuer.close();
  expect(await ask(token)).toMatchObject({ status: 503, code: 'KEYS_UNAVAILABLE', challenge: null });
});

it.each([
  [{ permissions: ['order create'] }, /permissions/],
  [{ permissions: ['order:create'], mode: 'optional' }, /mode/],
  [{ issuer: 'shop.example' }, /issuer/],
])('settings like %j are refused with their path', async (settings, path) => {
  await expect(guarded(settings)).rejects.toThrow(path);
});

describe('where AUTH_ISSUER_URL names an issuer and no route says anything', () => {
  const start = async (settings: Record<string, unknown> = {}) => {
    rig = await startRig(settings, { environment: { AUTH_ISSUER_URL: issuer.issuer } });
    const { port } = await rig.upstream((_request, response) => response.end('films'));
    for (const service of ['catalog', 'api-docs']) rig.registry.set(service, port);
  };
  const statusOf = async (path: string) =>
    (await fetch(`${rig?.url}${path}`, { headers: { authorization: 'Bearer rubbish' } })).status;

  it('tokens are checked on the way to services, and nowhere else', async () => {
    await start();
    expect(await statusOf('/api/catalog/films')).toBe(401);
    expect(await statusOf('/docs')).toBe(200);
    expect(await ask()).toMatchObject({ status: 200 });
  });

  it('a route can switch it off', async () => {
    const filters = [{ name: 'auth', mode: 'off' }];
    await start({ routes: [{ id: 'open', path: '/api/catalog/**', service: 'catalog', filters }] });
    expect(await statusOf('/api/catalog/films')).toBe(200);
  });
});
