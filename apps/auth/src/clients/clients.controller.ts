import { randomBytes } from 'node:crypto';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
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
import { ClientId, Permissions, Roles } from '../administration/schemas.ts';
import { Clients } from './clients.ts';

const NewClientSchema = z
  .strictObject({
    id: ClientId,
    name: z.string().min(1).max(100).meta({ description: 'Shown to people who are asked for their consent.' }),
    public: z
      .boolean()
      .default(false)
      .meta({ description: 'Keeps no secret: proves itself by PKCE, or a device code.' }),
    redirectUris: z.array(z.url()).max(20).default([]),
    deviceCode: z.boolean().default(false),
    roles: Roles.default([]),
    permissions: Permissions.default([]).meta({ description: 'What it may do for itself, by client credentials.' }),
  })
  .refine((one) => !one.public || one.redirectUris.length > 0 || one.deviceCode, 'redirectUris or deviceCode');

const ClientSchema = z.object({
  id: z.string(),
  name: z.string(),
  public: z.boolean(),
  redirectUris: z.array(z.string()),
  deviceCode: z.boolean(),
  roles: z.array(z.string()),
  permissions: z.array(z.string()),
});
const ClientsSchema = z.object({ items: z.array(ClientSchema) });

const CreatedSchema = z.object({
  id: z.string(),
  secret: z.string().nullable().meta({ description: 'Shown this once; null for a public client.' }),
});

@ApiTags('clients')
@ApiBearerAuth()
@Controller('clients')
export class ClientsController {
  constructor(@Inject(Clients) private readonly clients: Clients) {}

  @Post()
  @RequiresPermissions('auth:client:create')
  @ApiOperation({
    summary: 'Add a program that may ask for tokens',
    description: 'With no more than the caller may do.',
  })
  @ApiCreatedResponse({ description: 'Its secret.', standardSchema: CreatedSchema })
  @ApiResponse({ status: 409, description: 'The id is taken.' })
  async add(
    @Body({ schema: NewClientSchema }) { public: isPublic, ...client }: z.output<typeof NewClientSchema>,
  ): Promise<z.output<typeof CreatedSchema>> {
    assertMayGrant(client);
    const secret = isPublic ? null : randomBytes(32).toString('base64url');
    await this.clients.add({ ...client, ...(secret !== null && { secret }) });
    return { id: client.id, secret };
  }

  @Get()
  @RequiresPermissions('auth:client:show')
  @ApiOperation({ summary: 'List the programs that may ask for tokens' })
  @ApiOkResponse({ description: 'By id, the first thousand.', standardSchema: ClientsSchema })
  async list(): Promise<z.output<typeof ClientsSchema>> {
    return { items: await this.clients.list() };
  }

  @Delete(':id')
  @HttpCode(204)
  @RequiresPermissions('auth:client:remove')
  @ApiOperation({ summary: 'Remove a program', description: 'What it got ends; one of the clients file comes back.' })
  @ApiNoContentResponse({ description: 'Done.' })
  async remove(@Param('id', { schema: ClientId }) id: string): Promise<void> {
    await this.clients.remove(id);
  }
}
