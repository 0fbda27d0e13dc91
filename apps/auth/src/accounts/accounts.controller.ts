import { Body, Controller, Inject, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { isPermission, RequiresPermissions } from '@rookery/security';
import { z } from 'zod';
import { Accounts } from './accounts.ts';

const NewAccountSchema = z.strictObject({
  username: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/)
    .meta({ example: 'ada' }),
  roles: z.array(z.string().min(1).max(60)).max(50).default([]),
  permissions: z
    .array(z.string().refine(isPermission, 'a permission like order:create'))
    .max(100)
    .default([])
    .meta({ example: ['order:create'] }),
});

const CreatedSchema = z.object({
  username: z.string(),
  oneTimePassword: z.string().meta({ description: 'Shown this once; the first sign-in replaces it.' }),
});

@ApiTags('accounts')
@Controller('accounts')
export class AccountsController {
  constructor(@Inject(Accounts) private readonly accounts: Accounts) {}

  @Post()
  @RequiresPermissions('auth:account:create')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Add somebody who can sign in' })
  @ApiCreatedResponse({ description: 'The account and its one-time password.', standardSchema: CreatedSchema })
  @ApiResponse({ status: 409, description: 'The name is taken.' })
  async add(
    @Body({ schema: NewAccountSchema }) account: z.output<typeof NewAccountSchema>,
  ): Promise<z.output<typeof CreatedSchema>> {
    return { username: account.username, oneTimePassword: await this.accounts.add(account) };
  }
}
