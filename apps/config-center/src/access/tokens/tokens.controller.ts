import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { currentRequest } from '@rookery/observability';
import { z } from 'zod';
import { errors } from '../../errors.ts';
import { SettingKey } from '../../settings/setting-key.ts';
import { type Domain, domainOf } from '../domain.ts';
import { Needs } from '../needs.ts';
import { covers } from '../right.ts';
import { type AccessTokens, AccessTokens as AccessTokensSchema, IssuedToken, NewToken } from './access-token.ts';
import { TokenStore } from './token-store.ts';

const Namespace = SettingKey.shape.namespace;
const TokenId = z.string().regex(/^[0-9a-f]{16}$/, 'sixteen hexadecimal digits');

/** Access tokens of a namespace: for CI, for services, and for clients of the foreign protocols. */
@Needs('token')
@ApiTags('access tokens')
@Controller('api/config-center/tokens/:namespace')
export class TokensController {
  constructor(@Inject(TokenStore) private readonly tokens: TokenStore) {}

  @Post()
  @ApiOperation({
    summary: 'Issue an access token',
    description:
      'For an environment, or some namespaces of it, with the roles read, edit, release or decrypt, and an end. Needs the ' +
      'permission config:token for the environment, and each of the roles: nobody gives more than they have.',
  })
  @ApiCreatedResponse({ description: 'The token, which is shown this once.', standardSchema: IssuedToken })
  issue(
    @Param('namespace', { schema: Namespace }) namespace: string,
    @Body({ schema: NewToken }) wanted: NewToken,
  ): Promise<IssuedToken> {
    const { subject, permissions = [] } = currentRequest().principal ?? {};
    const domains: Domain[] = wanted.services?.map((service) => domainOf({ namespace, service })) ?? [
      { environment: namespace },
    ];
    for (const domain of domains) {
      const lacking = wanted.roles.find((role) => !covers(permissions, role, domain));
      if (lacking) throw errors.rightMissing(lacking, domain);
    }
    return this.tokens.issue(namespace, wanted, subject);
  }

  @Get()
  @ApiOperation({ summary: 'List the access tokens of a namespace', description: 'Those that ended too; no secrets.' })
  @ApiOkResponse({ description: 'The newest first, at most 1000.', standardSchema: AccessTokensSchema })
  async list(@Param('namespace', { schema: Namespace }) namespace: string): Promise<z.output<typeof AccessTokens>> {
    return { items: await this.tokens.list(namespace) };
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Revoke an access token', description: 'At once, on every replica; its streams end.' })
  @ApiNoContentResponse({ description: 'It is worth nothing any more.' })
  revoke(
    @Param('namespace', { schema: Namespace }) namespace: string,
    @Param('id', { schema: TokenId }) id: string,
  ): Promise<void> {
    return this.tokens.revoke(namespace, id, currentRequest().principal?.subject);
  }
}
