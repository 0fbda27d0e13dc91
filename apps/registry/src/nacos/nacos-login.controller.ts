import { Controller, HttpCode, Inject, Post, UseFilters } from '@nestjs/common';
import { Public } from '@rookery/security';
import { Refusal } from '../domain/refusal.ts';
import { type Exchange, Exchanged, json } from '../http/exchange.ts';
import { RefusalFilter } from '../http/refusal-filter.ts';
import { TokenGuard, WithoutToken } from '../http/token.guard.ts';
import { asked } from './nacos-parameters.ts';

/** Clients log in again before this is over; the token itself holds as long as REGISTRY_TOKEN has it. */
const TTL_SECONDS = 18_000;

/** Where clients of Nacos get their access token: the password is one of REGISTRY_TOKEN, whoever the user is. */
@Public()
@Controller('nacos')
@UseFilters(RefusalFilter)
export class NacosLoginController {
  constructor(@Inject(TokenGuard) private readonly guard: TokenGuard) {}

  @Post(['v1/auth/login', 'v1/auth/users/login', 'v3/auth/user/login'])
  @HttpCode(200)
  @WithoutToken()
  login(@Exchanged() { request, response }: Exchange): string {
    const accessToken = asked(request)('password') ?? '';
    if (!this.guard.takes(accessToken)) throw new Refusal(403, 'unknown user!');
    return json(response, { accessToken, tokenTtl: TTL_SECONDS, globalAdmin: false });
  }
}
