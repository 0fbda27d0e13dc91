import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestIssuer, type TestIssuer } from '../testing/test-issuer.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { TokenVerifier } from './token-verifier.ts';
import { VerifiedTokens } from './verified-tokens.ts';

let issuer: TestIssuer;
let passedMs: number;
let verified: number;
let tokens: VerifiedTokens;
let keys: IssuerKeys;

beforeEach(async () => {
  issuer = await startTestIssuer();
  passedMs = 0;
  verified = 0;
  tokens = keeping(10);
});
afterEach(() => issuer.close());

function keeping(maxTokens: number): VerifiedTokens {
  const settings = { issuer: issuer.issuer, issuerAddress: issuer.issuer, audience: issuer.audience };
  keys = new IssuerKeys(settings, { now: () => passedMs, refreshAfterMs: 60_000, coolDownMs: 0 });
  const verifier = new TokenVerifier(settings, keys);
  const counting = {
    verify: (token: string) => {
      verified++;
      return verifier.verify(token);
    },
  };
  return new VerifiedTokens(counting, keys, { maxTokens, now: () => Date.now() + passedMs });
}

/** A key that is not known waits for the fetch that runs. */
const refreshed = () => keys.find('none');
const token = (claims: Record<string, unknown> = {}) => issuer.token({ claims });

describe('a token that was verified', () => {
  it('is verified once, also for many who come at the same time', async () => {
    const one = token({ jti: 'one' });
    const all = await Promise.all(Array.from({ length: 20 }, () => tokens.verify(one)));
    expect(verified).toBe(1);
    expect(all[0]).toMatchObject({ tokenId: 'one', principal: { subject: 'ada' }, issuedAtMs: expect.any(Number) });
    expect(tokens.known(one)).toBe(all[0]);
  });

  it('is forgotten when it expires', async () => {
    const short = token({ exp: Math.floor(Date.now() / 1_000) + 60 });
    await tokens.verify(short);
    passedMs = 61_000;
    expect(tokens.known(short)).toBeUndefined();
    expect(tokens.size).toBe(0);
  });

  it('falls when the issuer takes its key back, and stays over a refresh that changed nothing', async () => {
    const one = token();
    await tokens.verify(one);
    passedMs = 60_000;
    expect(tokens.known(one)).toBeDefined();
    await refreshed();
    expect(tokens.known(one)).toBeDefined();
    issuer.rotate();
    passedMs = 120_000;
    tokens.known(one);
    await refreshed();
    expect(tokens.known(one)).toBeUndefined();
    await expect(tokens.verify(one)).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
  });

  it('is not believed once the issuer could not be asked for an hour', async () => {
    const one = token({ exp: Math.floor(Date.now() / 1_000) + 86_400 });
    await tokens.verify(one);
    await issuer.close();
    passedMs = 59 * 60_000;
    expect(tokens.known(one)).toBeDefined();
    passedMs = 60 * 60_000;
    expect(tokens.known(one)).toBeUndefined();
    await expect(tokens.verify(one)).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' });
  });
});

it('what only ends like one that was verified is not that one', async () => {
  const good = token();
  await tokens.verify(good);
  const [header, , signature] = good.split('.');
  const claims = Buffer.from(JSON.stringify({ sub: 'admin' })).toString('base64url');
  const forged = `${header}.${claims}.${signature}`;
  expect(tokens.known(forged)).toBeUndefined();
  await expect(tokens.verify(forged)).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
  expect(tokens.known(good)).toBeDefined();
});

it('what was refused is not kept', async () => {
  const forged = `${token().slice(0, -8)}AAAAAAAA`;
  await expect(tokens.verify(forged)).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
  expect(tokens.known(forged)).toBeUndefined();
  expect(tokens.size).toBe(0);
});

it('a bounded number is kept: those that are asked for', async () => {
  const used = token({ sub: 'often' });
  await tokens.verify(used);
  for (let other = 0; other < 30; other++) {
    await tokens.verify(token({ sub: `other-${other}` }));
    expect(tokens.known(used)).toBeDefined();
    expect(tokens.size).toBeLessThanOrEqual(11);
  }
});
