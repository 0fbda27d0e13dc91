import { Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '@rookery/security';
import { KnownTokens } from '../../access/tokens/known-tokens.ts';
import { errors } from '../../errors.ts';
import { parameter, type Request } from '../exchange.ts';

/** Clients sign in again before this is over: a token that was revoked is noticed by then at the latest. */
const MOST_TTL_S = 18_000;

/**
 * Nacos' sign-in. There are no users here: the password is an access token of the centre, the name is free, and what comes
 * back as `accessToken` is that same token.
 */
@Public()
@ApiExcludeController()
@Controller('nacos')
export class NacosLoginController {
  constructor(@Inject(KnownTokens) private readonly tokens: KnownTokens) {}

  @Post(['v1/auth/login', 'v1/auth/users/login', 'v3/auth/user/login'])
  @HttpCode(200)
  async login(@Req() request: Request) {
    const accessToken = parameter(request, 'password') ?? '';
    const known = await this.tokens.find(accessToken);
    if (!known) throw errors.signInRefused();
    const leftS = Math.floor((Date.parse(known.expiresAt) - Date.now()) / 1_000);
    const username = parameter(request, 'username') ?? known.name;
    return { accessToken, tokenTtl: Math.min(MOST_TTL_S, leftS), globalAdmin: false, username };
  }
}
