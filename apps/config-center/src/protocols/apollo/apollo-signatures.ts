import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { digestOf, sameDigest } from '../../access/same-secret.ts';
import { TokenStore } from '../../access/tokens/token-store.ts';
import { holderOf, type Visitor, visitorWith } from '../../access/visitor.ts';
import { errors } from '../../errors.ts';
import { parameter, type Request } from '../exchange.ts';
import { ACCESS_KEYS, type AccessKeys } from './access-keys.ts';
import { APOLLO_ENVIRONMENT } from './apollo-names.ts';

const VALID_FOR_MS = 60_000;

/** Checks how Apollo's clients say who they are: the time and the path, signed with an access key of their app. */
@Injectable()
export class ApolloSignatures {
  constructor(
    @Inject(ACCESS_KEYS) private readonly keys: AccessKeys,
    @Inject(TokenStore) private readonly tokens: TokenStore,
  ) {}

  /** Whether the environment names keys of an app: it is answered to nobody who has not signed. */
  mustSign(appId: string): boolean {
    return this.keys.has(appId);
  }

  /** Who signed within the last minute: with a key of the environment, or of an access token for the app. */
  async verify(request: Request, nowMs = Date.now()): Promise<Visitor> {
    const { headers, url = '' } = request.raw;
    const appId = request.params.appId ?? parameter(request, 'appId') ?? '';
    const timestamp = String(headers.timestamp ?? '');
    if (!(Math.abs(nowMs - Number(timestamp || Number.NaN)) <= VALID_FOR_MS)) {
      throw errors.signatureInvalid('Timestamp is missing, or not of this minute');
    }
    const given = digestOf(String(headers.authorization ?? ''));
    const signedWith = (secret: string) => {
      const signature = createHmac('sha1', secret).update(`${timestamp}\n${url}`).digest('base64');
      return sameDigest(digestOf(`Apollo ${appId}:${signature}`), given);
    };
    if (this.keys.get(appId)?.some(signedWith)) {
      return visitorWith({ subject: `apollo:${appId}`, rights: ['read', 'decrypt'], environment: APOLLO_ENVIRONMENT });
    }
    const found = (await this.tokens.apolloTokens(appId)).find(({ secret }) => signedWith(secret));
    if (!found) throw errors.signatureInvalid('it is not that of a key of this app');
    return holderOf(found.token);
  }
}
