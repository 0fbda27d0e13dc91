import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Messaging } from '@rookery/messaging';
import { ServiceIdentity } from '@rookery/observability';
import { RequiresPermissions } from '@rookery/security';
import type { z } from 'zod';
import {
  type DeadLetter,
  DeadLetters,
  DeadLettersQuery,
  deadLetterOf,
  Replay,
  Replayed,
} from './dead-letter-schemas.ts';

/** The messages that this service could not handle: to be looked at, and put back once the reason is mended. */
@ApiTags('dead letters')
@ApiBearerAuth()
@Controller('dead-letters')
export class DeadLettersController {
  constructor(
    @Inject(Messaging) private readonly messaging: Messaging,
    @Inject(ServiceIdentity) private readonly identity: ServiceIdentity,
  ) {}

  @Get()
  @RequiresPermissions('dead-letter:show')
  @ApiOperation({ summary: 'List dead letters', description: 'The newest first.' })
  @ApiOkResponse({ description: 'Messages that could not be handled, and why.', standardSchema: DeadLetters })
  async list(
    @Query({ schema: DeadLettersQuery }) { limit }: z.output<typeof DeadLettersQuery>,
  ): Promise<{ items: DeadLetter[] }> {
    const letters = await this.messaging.deadLetters(this.identity.name, limit);
    return { items: letters.map(deadLetterOf) };
  }

  @Post('replay')
  @RequiresPermissions('dead-letter:replay')
  @HttpCode(200)
  @ApiOperation({ summary: 'Replay dead letters', description: 'Puts them back into the queue as first tries.' })
  @ApiOkResponse({ description: 'How many were put back.', standardSchema: Replayed })
  async replay(@Body({ schema: Replay }) { ids }: z.infer<typeof Replay>): Promise<z.infer<typeof Replayed>> {
    return { replayed: await this.messaging.replay(this.identity.name, ids) };
  }
}
