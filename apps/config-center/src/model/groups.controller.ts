import { Body, Controller, Delete, HttpCode, Inject, Param, Put } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { currentRequest } from '@rookery/observability';
import type { z } from 'zod';
import { inEnvironment, Needs } from '../access/needs.ts';
import { errors } from '../errors.ts';
import { EnvironmentDetail, GroupBody, GroupParam } from './declarations.ts';
import { EnvironmentView } from './environment-view.ts';
import { ModelChanges } from './model-changes.ts';

/** The second part of a key: Nacos' group, Spring's label, and with a fall-back Apollo's cluster. */
@ApiTags('environments')
@Controller('api/config-center/environments/:environment/groups/:group')
export class GroupsController {
  constructor(
    @Inject(EnvironmentView) private readonly view: EnvironmentView,
    @Inject(ModelChanges) private readonly changes: ModelChanges,
  ) {}

  @Put()
  @Needs('release', inEnvironment)
  @ApiOperation({
    summary: 'Declare a group, and which it falls back to',
    description: 'Every namespace that the group does not write itself becomes that of the other group, and stays so.',
  })
  @ApiOkResponse({ description: 'The environment.', standardSchema: EnvironmentDetail })
  async declare(
    @Param({ schema: GroupParam }) { environment, group }: z.output<typeof GroupParam>,
    @Body({ schema: GroupBody }) { fallsBackTo, description }: z.output<typeof GroupBody>,
  ): Promise<EnvironmentDetail> {
    const author = currentRequest().principal?.subject;
    const facts = { falls_back_to: fallsBackTo, description, author: author ?? null, set_at: new Date() };
    await this.changes.change(environment, { author, comment: `group ${group} declared` }, async (trx) => {
      await trx
        .insertInto('config_groups')
        .values({ environment, name: group, ...facts })
        .onConflict((conflict) => conflict.columns(['environment', 'name']).doUpdateSet(facts))
        .execute();
    });
    return this.view.show(environment);
  }

  @Delete()
  @HttpCode(204)
  @Needs('release', inEnvironment)
  @ApiOperation({
    summary: 'Take the declaration of a group back',
    description: 'What it only had from its fall-back is removed; what was written in it stays.',
  })
  @ApiNoContentResponse({ description: 'It is not declared any more.' })
  async remove(@Param({ schema: GroupParam }) { environment, group }: z.output<typeof GroupParam>): Promise<void> {
    const author = currentRequest().principal?.subject;
    await this.changes.change(environment, { author, comment: `group ${group} removed` }, async (trx, before) => {
      const [needs] = [...before.groups].filter(([, fallsBackTo]) => fallsBackTo === group).map(([name]) => name);
      if (needs !== undefined) throw errors.inUse(`The group ${group}`, `the group ${needs}`);
      const { numDeletedRows } = await trx
        .deleteFrom('config_groups')
        .where((row) => row.and({ environment, name: group }))
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw errors.notDeclared(`The group ${group}`);
    });
  }
}
