import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { RequiresPermissions } from '@rookery/security';
import { z } from 'zod';
import { assertMayGrant } from '../administration/may-grant.ts';
import { Permissions, Roles, Username } from '../administration/schemas.ts';
import { Accounts } from './accounts.ts';

const NewAccountSchema = z.strictObject({
  username: Username,
  roles: Roles.default([]),
  permissions: Permissions.default([]),
});

const OneTimeSchema = z.object({
  username: z.string(),
  oneTimePassword: z.string().meta({ description: 'Shown this once; the first sign-in replaces it.' }),
});

const AccountSchema = z.object({
  username: z.string(),
  roles: z.array(z.string()),
  permissions: z.array(z.string()),
  mustChange: z.boolean().meta({ description: 'Has a one-time password.' }),
  disabled: z.boolean(),
});
const PageSchema = z.object({ items: z.array(AccountSchema), nextAfter: z.string().nullable() });
const PageQuery = z.object({
  after: z.string().max(64).default('').meta({ description: 'The last name of the page before.' }),
  limit: z.coerce.number().int().min(1).max(200).default(100),
});

const ChangeSchema = z.strictObject({ disabled: z.boolean() });

type OneTime = z.output<typeof OneTimeSchema>;

@ApiTags('accounts')
@ApiBearerAuth()
@Controller('accounts')
export class AccountsController {
  constructor(@Inject(Accounts) private readonly accounts: Accounts) {}

  @Post()
  @RequiresPermissions('auth:account:create')
  @ApiOperation({ summary: 'Add somebody who can sign in', description: 'With no more than the caller may do.' })
  @ApiCreatedResponse({ description: 'The account and its one-time password.', standardSchema: OneTimeSchema })
  @ApiResponse({ status: 409, description: 'The name is taken.' })
  async add(@Body({ schema: NewAccountSchema }) account: z.output<typeof NewAccountSchema>): Promise<OneTime> {
    assertMayGrant(account);
    return { username: account.username, oneTimePassword: await this.accounts.add(account) };
  }

  @Get()
  @RequiresPermissions('auth:account:show')
  @ApiOperation({ summary: 'List who can sign in' })
  @ApiOkResponse({ description: 'One page, by name.', standardSchema: PageSchema })
  async list(
    @Query({ schema: PageQuery }) { after, limit }: z.output<typeof PageQuery>,
  ): Promise<z.output<typeof PageSchema>> {
    const items = (await this.accounts.page(after, limit)).map(({ id: _, ...account }) => account);
    return { items, nextAfter: items.length === limit ? (items.at(-1)?.username ?? null) : null };
  }

  @Patch(':username')
  @HttpCode(204)
  @RequiresPermissions('auth:account:disable')
  @ApiOperation({ summary: 'Disable an account, or enable it again', description: 'Its sessions and tokens end.' })
  @ApiNoContentResponse({ description: 'Done. Access tokens that are out hold on for minutes.' })
  async change(
    @Param('username', { schema: Username }) username: string,
    @Body({ schema: ChangeSchema }) { disabled }: z.output<typeof ChangeSchema>,
  ): Promise<void> {
    const account = await this.accounts.byName(username);
    assertMayGrant(account);
    await this.accounts.setDisabled(account.id, disabled);
  }

  @Post(':username/password')
  @RequiresPermissions('auth:account:password')
  @ApiOperation({ summary: 'Replace a password by a one-time one', description: 'Sessions and tokens end.' })
  @ApiCreatedResponse({ description: 'The one-time password.', standardSchema: OneTimeSchema })
  async resetPassword(@Param('username', { schema: Username }) username: string): Promise<OneTime> {
    const account = await this.accounts.byName(username);
    assertMayGrant(account);
    return { username, oneTimePassword: await this.accounts.resetPassword(account.id) };
  }
}
