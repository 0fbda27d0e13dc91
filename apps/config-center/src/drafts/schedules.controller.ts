import { Body, Controller, Delete, Get, Headers, Inject, Param, Put } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { currentRequest } from '@rookery/observability';
import { z } from 'zod';
import { EVERYWHERE, Needs } from '../access/needs.ts';
import { versionOf } from '../settings/etag.ts';
import { SettingKey } from '../settings/setting-key.ts';
import { Draft, ScheduleBody } from './draft.ts';
import { Schedules } from './schedules.ts';

const Scheduled = z.object({ items: z.array(SettingKey.extend(Draft.pick({ schedule: true, failure: true }).shape)) });

/** Releases that happen at a time, and those that could not. */
@ApiTags('drafts')
@Controller('api/config-center')
export class SchedulesController {
  constructor(@Inject(Schedules) private readonly schedules: Schedules) {}

  @Get('schedules')
  @Needs('read', () => EVERYWHERE)
  @ApiOperation({ summary: 'List the releases that wait for their time, and those that were refused when it came' })
  @ApiOkResponse({ description: 'The next ones first, at most 1,000.', standardSchema: Scheduled })
  async list(): Promise<z.output<typeof Scheduled>> {
    return { items: await this.schedules.list() };
  }

  @Put('settings/:namespace/:group/:service/draft/schedule')
  @Needs('release')
  @ApiOperation({
    summary: 'Release the draft at a time',
    description:
      'It is checked as for a dry run now, and released by one replica within about a second of its time, also after all ' +
      'of them were down. Until then it cannot be edited. What is refused at that moment is shown as `failure`.',
  })
  @ApiHeader({ name: 'if-match', required: false, description: 'The ETag of the draft.' })
  @ApiOkResponse({ description: 'The draft.', standardSchema: Draft })
  set(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Body({ schema: ScheduleBody }) { at, comment }: z.output<typeof ScheduleBody>,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<Draft> {
    const editor = { author: currentRequest().principal?.subject, expectedRevision: versionOf(ifMatch) };
    return this.schedules.set(key, new Date(at), comment, editor);
  }

  @Delete('settings/:namespace/:group/:service/draft/schedule')
  @Needs('release')
  @ApiOperation({ summary: 'Cancel the release of the draft', description: 'The draft stays.' })
  @ApiOkResponse({ description: 'The draft.', standardSchema: Draft })
  cancel(@Param({ schema: SettingKey }) key: SettingKey): Promise<Draft> {
    return this.schedules.cancel(key);
  }
}
