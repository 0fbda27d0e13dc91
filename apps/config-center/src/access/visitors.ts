import { Inject, Injectable } from '@nestjs/common';
import { TokenVerifier } from '@rookery/security';
import { errors } from '../errors.ts';
import type { Caller } from '../grey/caller.ts';
import { ApolloSignatures } from '../protocols/apollo/apollo-signatures.ts';
import { callerOf, type Request } from '../protocols/exchange.ts';
import type { Showing } from '../secrets/showing.ts';
import { credentialsOf } from './credentials.ts';
import type { Domain } from './domain.ts';
import { READERS, type Readers } from './readers.ts';
import { digestOf, sameDigest } from './same-secret.ts';
import { isAccessToken } from './tokens/access-token.ts';
import { KnownTokens } from './tokens/known-tokens.ts';
import { holderOf, type Visitor, visitorOf, visitorWith } from './visitor.ts';

/** Finds out who asks, of every kind of proof that the centre takes. */
@Injectable()
export class Visitors {
  readonly #known = new WeakMap<Request, Visitor>();
  readonly #services: Buffer | undefined;
  readonly #anyone: boolean;

  constructor(
    @Inject(READERS) { anyone, servicesToken }: Readers,
    @Inject(KnownTokens) private readonly tokens: KnownTokens,
    @Inject(ApolloSignatures) private readonly signatures: ApolloSignatures,
    @Inject(TokenVerifier) private readonly verifier: TokenVerifier,
  ) {
    this.#anyone = anyone;
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

  /**
   * How somebody gets encrypted values through our own API: as they ask for it, where they have the right. Where anyone may
   * read, anyone may have them encrypted, since who holds the key ring needs nothing else.
   */
  showing(request: Request, domain: Domain): Showing {
    const asked = request.query.secrets;
    const visitor = this.of(request);
    if (asked === 'sealed' && !visitor && this.#anyone) return 'sealed';
    return (asked === 'sealed' || asked === 'plain') && visitor?.may('decrypt', domain) ? asked : 'masked';
  }

  /** A caller of a foreign protocol, which knows no encrypted values: who has the right gets them decrypted. */
  caller(request: Request, domain: Domain): Caller {
    return { ...callerOf(request), secrets: this.of(request)?.may('decrypt', domain) ? 'plain' : 'masked' };
  }

  async #bearer(token: string): Promise<Visitor> {
    if (this.#services && sameDigest(this.#services, digestOf(token))) {
      return visitorWith({ subject: 'services', rights: ['read', 'decrypt'] });
    }
    if (!isAccessToken(token)) return visitorOf(await this.verifier.verify(token));
    const known = await this.tokens.find(token);
    if (!known) throw errors.tokenRefused('it is unknown, revoked, or has expired');
    return holderOf(known);
  }
}
