import { Body, Controller, Delete, HttpCode, Inject, Param, Put } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { currentRequest } from '@rookery/observability';
import type { z } from 'zod';
import { inEnvironment, Needs } from '../access/needs.ts';
import { errors } from '../errors.ts';
import { EnvironmentDetail, NamespaceBody, NamespaceParam } from './declarations.ts';
import { EnvironmentView } from './environment-view.ts';
import { ModelChanges } from './model-changes.ts';

/** The third part of a key: an app's main namespace (`orders`), another of it (`orders.mail`), or a public one (`mail`). */
@ApiTags('environments')
@Controller('api/config-center/environments/:environment/namespaces/:name')
export class NamespacesController {
  constructor(
    @Inject(EnvironmentView) private readonly view: EnvironmentView,
    @Inject(ModelChanges) private readonly changes: ModelChanges,
  ) {}

  @Put()
  @Needs('release', inEnvironment)
  @ApiOperation({
    summary: 'Declare a namespace private, public or associated',
    description:
      'An associated one is at once, in every group, the public one with its own settings laid over it, key by key; ' +
      'each release of either makes the next version of it.',
  })
  @ApiOkResponse({ description: 'The environment.', standardSchema: EnvironmentDetail })
  async declare(
    @Param({ schema: NamespaceParam }) { environment, name }: z.output<typeof NamespaceParam>,
    @Body({ schema: NamespaceBody }) declared: z.output<typeof NamespaceBody>,
  ): Promise<EnvironmentDetail> {
    const author = currentRequest().principal?.subject;
    const facts = { ...declared, author: author ?? null, set_at: new Date() };
    await this.changes.change(environment, { author, comment: `${declared.kind} namespace declared` }, async (trx) => {
      await trx
        .insertInto('config_namespaces')
        .values({ environment, name, ...facts })
        .onConflict((conflict) => conflict.columns(['environment', 'name']).doUpdateSet(facts))
        .execute();
    });
    return this.view.show(environment);
  }

  @Delete()
  @HttpCode(204)
  @Needs('release', inEnvironment)
  @ApiOperation({
    summary: 'Take the declaration of a namespace back',
    description: 'What it only inherited is removed; what was written in it stays.',
  })
  @ApiNoContentResponse({ description: 'It is not declared any more.' })
  async remove(
    @Param({ schema: NamespaceParam }) { environment, name }: z.output<typeof NamespaceParam>,
  ): Promise<void> {
    const author = currentRequest().principal?.subject;
    await this.changes.change(environment, { author, comment: 'namespace removed' }, async (trx, before) => {
      const [heir] = [...before.namespaces].filter(([, { inherits }]) => inherits === name).map(([each]) => each);
      if (heir !== undefined) throw errors.inUse(`The namespace ${name}`, heir);
      const { numDeletedRows } = await trx
        .deleteFrom('config_namespaces')
        .where((row) => row.and({ environment, name }))
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw errors.notDeclared(`The namespace ${name}`);
    });
  }
}
