import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { currentRequest } from '@rookery/observability';
import type { z } from 'zod';
import { EVERYWHERE, inEnvironment, Needs } from '../access/needs.ts';
import { errors } from '../errors.ts';
import { EnvironmentBody, EnvironmentDetail, EnvironmentParam, Environments } from './declarations.ts';
import { EnvironmentView } from './environment-view.ts';
import { ModelChanges } from './model-changes.ts';

/** The first part of a key: Nacos' namespace, Disconf's env; Apollo has a server for each. */
@ApiTags('environments')
@Controller('api/config-center/environments')
export class EnvironmentsController {
  constructor(
    @Inject(EnvironmentView) private readonly view: EnvironmentView,
    @Inject(ModelChanges) private readonly changes: ModelChanges,
  ) {}

  @Get()
  @Needs('read', () => EVERYWHERE)
  @ApiOperation({ summary: 'List the environments', description: 'Declared ones, and those that were published to.' })
  @ApiOkResponse({ description: 'By name, at most 1,000.', standardSchema: Environments })
  async list(): Promise<z.output<typeof Environments>> {
    return { items: await this.view.list() };
  }

  @Get(':environment')
  @Needs('read', inEnvironment)
  @ApiOperation({ summary: 'Show an environment with its groups and namespaces' })
  @ApiOkResponse({ description: 'What is declared and what is there.', standardSchema: EnvironmentDetail })
  show(
    @Param({ schema: EnvironmentParam }) { environment }: z.output<typeof EnvironmentParam>,
  ): Promise<EnvironmentDetail> {
    return this.view.show(environment);
  }

  @Put(':environment')
  @Needs('release', inEnvironment)
  @ApiOperation({ summary: 'Declare an environment' })
  @ApiOkResponse({ description: 'The environment.', standardSchema: EnvironmentDetail })
  async declare(
    @Param({ schema: EnvironmentParam }) { environment }: z.output<typeof EnvironmentParam>,
    @Body({ schema: EnvironmentBody }) { description }: z.output<typeof EnvironmentBody>,
  ): Promise<EnvironmentDetail> {
    const author = currentRequest().principal?.subject ?? null;
    const facts = { description, author, set_at: new Date() };
    await this.changes.change(environment, { comment: 'environment declared' }, async (trx) => {
      await trx
        .insertInto('config_environments')
        .values({ name: environment, ...facts })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(facts))
        .execute();
    });
    return this.view.show(environment);
  }

  @Delete(':environment')
  @HttpCode(204)
  @Needs('release', inEnvironment)
  @ApiOperation({
    summary: 'Take the declaration of an environment back',
    description: 'Refused while it declares groups or namespaces. Releases stay.',
  })
  @ApiNoContentResponse({ description: 'It is not declared any more.' })
  async remove(@Param({ schema: EnvironmentParam }) { environment }: z.output<typeof EnvironmentParam>): Promise<void> {
    await this.changes.change(environment, { comment: 'environment removed' }, async (trx, before) => {
      const [needs] = [...before.namespaces.keys(), ...before.groups.keys()];
      if (needs !== undefined) throw errors.inUse(`The environment ${environment}`, needs);
      const { numDeletedRows } = await trx
        .deleteFrom('config_environments')
        .where('name', '=', environment)
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw errors.notDeclared(`The environment ${environment}`);
    });
  }
}
