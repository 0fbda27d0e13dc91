import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PLATFORM_AUDIENCE } from '../settings.ts';

const LIFETIME_S = 300;

/** Header and claims to put over those of a good token; `undefined` takes one out. */
export interface TokenChanges {
  header?: Record<string, unknown>;
  claims?: Record<string, unknown>;
  /** Signs the text `<header>.<claims>`; the issuer's own key when not given. */
  signature?: (input: string) => string;
}

/** An issuer with a real key and a real HTTP side, for specs: no token in them is taken unsigned. */
export class TestIssuer {
  readonly issuer: string;
  readonly audience = PLATFORM_AUDIENCE;
  /** Requests for its key set so far. */
  keyFetches = 0;
  #key = newKey();
  readonly #server;

  constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/auth`;
    server.on('request', (request, response) => {
      const json = (body: object) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
      if (request.url === '/auth/.well-known/openid-configuration') {
        json({ issuer: this.issuer, jwks_uri: `${this.issuer}/jwks` });
      } else if (request.url === '/auth/jwks') {
        this.keyFetches++;
        json({ keys: [this.jwk] });
      } else {
        response.writeHead(404).end();
      }
    });
  }

  /** The current public key as JWK. */
  get jwk(): Record<string, unknown> {
    const { kid, publicKey } = this.#key;
    return { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
  }

  get publicKey(): KeyObject {
    return this.#key.publicKey;
  }

  /** Another key from now on, under another id. */
  rotate(): void {
    this.#key = newKey();
  }

  /** A token that is good but for the changes. */
  token({ header, claims, signature }: TokenChanges = {}): string {
    const nowS = Math.floor(Date.now() / 1_000);
    const { kid, privateKey } = this.#key;
    const input = [
      { alg: 'RS256', typ: 'at+jwt', kid, ...header },
      {
        iss: this.issuer,
        aud: this.audience,
        sub: 'ada',
        iat: nowS,
        exp: nowS + LIFETIME_S,
        permissions: [],
        roles: [],
        ...claims,
      },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signed = signature?.(input) ?? sign('sha256', Buffer.from(input), privateKey).toString('base64url');
    return `${input}.${signed}`;
  }

  /** The header of a caller with these permissions. */
  bearer(...permissions: string[]): { authorization: string } {
    return { authorization: `Bearer ${this.token({ claims: { permissions } })}` };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

export async function startTestIssuer(): Promise<TestIssuer> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return new TestIssuer(server);
}

const newKey = () => ({ kid: randomUUID(), ...generateKeyPairSync('rsa', { modulusLength: 2_048 }) });
