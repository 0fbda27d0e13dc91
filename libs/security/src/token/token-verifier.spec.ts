import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestIssuer, type TestIssuer, type TokenChanges } from '../testing/test-issuer.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { TokenVerifier } from './token-verifier.ts';

let issuer: TestIssuer;
let verifier: TokenVerifier;

const verifierOf = (options = {}) => {
  const settings = { issuer: issuer.issuer, issuerAddress: issuer.issuer, audience: issuer.audience };
  return new TokenVerifier(settings, new IssuerKeys(settings, options));
};

beforeAll(async () => {
  issuer = await startTestIssuer();
});
beforeEach(() => {
  verifier = verifierOf();
});
afterAll(() => issuer.close());

const strangers = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
const nowS = () => Math.floor(Date.now() / 1_000);
const hmac = (key: string) => (input: string) => createHmac('sha256', key).update(input).digest('base64url');
const pem = () => issuer.publicKey.export({ type: 'spki', format: 'pem' }).toString();

describe('an access token', () => {
  it('of the issuer says who calls and what they may do', async () => {
    const token = issuer.token({ claims: { roles: ['clerk'], permissions: ['order:*'], client_id: 'till' } });
    expect(await verifier.verify(token)).toMatchObject({
      principal: { subject: 'ada', client: 'till', roles: ['clerk'], permissions: ['order:*'] },
      clientId: 'till',
      accessToken: token,
    });
  });

  const attacks: Record<string, () => TokenChanges> = {
    'signed with a key of somebody else': () => ({
      signature: (input) => sign('sha256', Buffer.from(input), strangers).toString('base64url'),
    }),
    'without a signature': () => ({ signature: () => '' }),
    'with alg none': () => ({ header: { alg: 'none' }, signature: () => '' }),
    'with alg None, and a signature': () => ({ header: { alg: 'None' } }),
    'with HS256 and the public key as its secret (HS/RS confusion)': () => ({
      header: { alg: 'HS256' },
      signature: hmac(pem()),
    }),
    'that says RS256 and is signed by HS256': () => ({ signature: hmac(pem()) }),
    'with RS512': () => ({
      header: { alg: 'RS512' },
      signature: (input) => sign('sha512', Buffer.from(input), strangers).toString('base64url'),
    }),
    'without a key id': () => ({ header: { kid: undefined } }),
    'with a key id that is not known': () => ({ header: { kid: 'other' } }),
    'with a key id that is a path': () => ({ header: { kid: '../../../../dev/null' } }),
    'that brings its own key': () => ({
      header: { jwk: issuer.jwk, kid: undefined, jku: 'http://127.0.0.1:1/keys', x5u: 'http://127.0.0.1:1/' },
    }),
    'with a critical header that we do not know': () => ({ header: { crit: ['b64'], b64: false } }),
    'that is an ID token': () => ({ header: { typ: 'JWT' } }),
    'without a type': () => ({ header: { typ: undefined } }),
    'that has expired': () => ({ claims: { exp: nowS() - 60 } }),
    'that never expires': () => ({ claims: { exp: undefined } }),
    'that expires as a text': () => ({ claims: { exp: 'never' } }),
    'that is not valid yet': () => ({ claims: { nbf: nowS() + 60 } }),
    'for another audience': () => ({ claims: { aud: 'urn:other' } }),
    'for no audience': () => ({ claims: { aud: undefined } }),
    'of another issuer': () => ({ claims: { iss: 'https://evil.example/auth' } }),
    'of an issuer that begins alike': () => ({ claims: { iss: `${issuer.issuer}.evil.example` } }),
    'of no issuer': () => ({ claims: { iss: undefined } }),
    'of nobody': () => ({ claims: { sub: '' } }),
    'with permissions that are a text': () => ({ claims: { permissions: '*' } }),
    'that is too long': () => ({ claims: { padding: 'x'.repeat(8 * 1_024) } }),
  };

  it.each(Object.keys(attacks))('%s is refused', async (name) => {
    const token = issuer.token(attacks[name]?.());
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'TOKEN_REFUSED', status: 401 });
  });

  it('that was changed after it was signed is refused', async () => {
    const [header, , signature] = issuer.token().split('.');
    const [, claims] = issuer.token({ claims: { permissions: ['*'] } }).split('.');
    await expect(verifier.verify(`${header}.${claims}.${signature}`)).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
  });

  it.each(['', '.', '..', 'a.b.c', '{}', 'eyJhbGciOiJSUzI1NiJ9..', '💥.💥.💥'])('%j is none', async (token) => {
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'TOKEN_REFUSED', status: 401 });
  });

  it('is refused without a word of what stood in it', async () => {
    const error = await verifier
      .verify(issuer.token({ claims: { iss: 'http://evil', sub: 'secret-name' } }))
      .catch(String);
    expect(error).not.toMatch(/evil|secret-name|eyJ/);
  });
});

describe('the keys of the issuer', () => {
  it('are fetched once for many callers', async () => {
    const before = issuer.keyFetches;
    await Promise.all(Array.from({ length: 20 }, () => verifier.verify(issuer.token())));
    expect(issuer.keyFetches - before).toBe(1);
  });

  it('are fetched anew when a token names a new one, at most once in a while', async () => {
    let nowMs = 0;
    verifier = verifierOf({ now: () => nowMs, coolDownMs: 5_000 });
    const old = issuer.token();
    await verifier.verify(old);
    issuer.rotate();
    const before = issuer.keyFetches;
    const fresh = issuer.token();
    await expect(verifier.verify(fresh)).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
    expect(issuer.keyFetches).toBe(before);
    nowMs = 5_000;
    await verifier.verify(fresh);
    const unknown = Array.from({ length: 10 }, () => verifier.verify(issuer.token({ header: { kid: 'none' } })));
    await Promise.allSettled(unknown);
    expect(issuer.keyFetches).toBe(before + 1);
    await expect(verifier.verify(old)).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
  });

  it('stay in use for a time while the issuer is away, and then nothing is taken', async () => {
    let nowMs = 0;
    const leaving = await startTestIssuer();
    const settings = { issuer: leaving.issuer, issuerAddress: leaving.issuer, audience: leaving.audience };
    const keys = new IssuerKeys(settings, { now: () => nowMs, refreshAfterMs: 1_000, trustedForMs: 10_000 });
    verifier = new TokenVerifier(settings, keys);
    const token = leaving.token();
    await verifier.verify(token);
    await leaving.close();
    nowMs = 6_000;
    expect((await verifier.verify(token)).principal.subject).toBe('ada');
    nowMs = 12_000;
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE', status: 503 });
  });

  it('of an issuer under another name are not taken', async () => {
    const settings = { issuer: 'https://shop.example/auth', issuerAddress: issuer.issuer, audience: issuer.audience };
    verifier = new TokenVerifier(settings, new IssuerKeys(settings));
    await expect(verifier.verify(issuer.token())).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' });
  });
});
