import { Inject, Injectable } from '@nestjs/common';
import { TokenVerifier } from '@rookery/security';
import { errors } from '../errors.ts';
import { ApolloSignatures } from '../protocols/apollo/apollo-signatures.ts';
import type { Request } from '../protocols/exchange.ts';
import { credentialsOf } from './credentials.ts';
import { READERS, type Readers } from './readers.ts';
import { digestOf, sameDigest } from './same-secret.ts';
import { isAccessToken } from './tokens/access-token.ts';
import { KnownTokens } from './tokens/known-tokens.ts';
import { type Visitor, visitorOf, visitorWith } from './visitor.ts';

/** Finds out who asks, of every kind of proof that the centre takes. */
@Injectable()
export class Visitors {
  readonly #known = new WeakMap<Request, Visitor>();
  readonly #services: Buffer | undefined;

  constructor(
    @Inject(READERS) { servicesToken }: Readers,
    @Inject(KnownTokens) private readonly tokens: KnownTokens,
    @Inject(ApolloSignatures) private readonly signatures: ApolloSignatures,
    @Inject(TokenVerifier) private readonly verifier: TokenVerifier,
  ) {
    this.#services = servicesToken === undefined ? undefined : digestOf(servicesToken);
  }

  /** Undefined for who shows nothing; what is shown and is not good is refused. */
  async arrive(request: Request): Promise<Visitor | undefined> {
    const credentials = credentialsOf(request.raw.headers);
    if (credentials.kind === 'none') return undefined;
    const visitor =
      credentials.kind === 'signature' ? await this.signatures.verify(request) : await this.#bearer(credentials.token);
    this.#known.set(request, visitor);
    return visitor;
  }

  /** Who the guard has let in; undefined for who showed nothing. */
  of(request: Request): Visitor | undefined {
    return this.#known.get(request);
  }

  async #bearer(token: string): Promise<Visitor> {
    if (this.#services && sameDigest(this.#services, digestOf(token))) {
      return visitorWith({ subject: 'services', rights: ['read'] });
    }
    if (!isAccessToken(token)) return visitorOf(await this.verifier.verify(token));
    const known = await this.tokens.find(token);
    if (!known) throw errors.tokenRefused('it is unknown, revoked, or has expired');
    const { id, namespace, name, roles, issuedAt, expiresAt } = known;
    return visitorWith({
      subject: `token:${namespace}/${name}`,
      rights: roles,
      namespace,
      tokenId: id,
      issuedAtMs: Date.parse(issuedAt),
      expiresAtMs: Date.parse(expiresAt),
    });
  }
}
