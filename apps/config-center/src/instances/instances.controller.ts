import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Needs } from '../access/needs.ts';
import { ReleaseStore } from '../settings/release-store.ts';
import { SettingKey } from '../settings/setting-key.ts';
import { WATCH_LIMITS, type WatchLimits } from '../watch/watch-limits.ts';
import { type Instances, Instances as InstancesSchema, Report } from './instance.ts';
import { InstanceStore } from './instance-store.ts';

/** Who may read may report. */
@Needs('read')
@ApiTags('instances')
@Controller('api/config-center/settings/:namespace/:group/:service')
export class InstancesController {
  constructor(
    @Inject(InstanceStore) private readonly instances: InstanceStore,
    @Inject(ReleaseStore) private readonly releases: ReleaseStore,
    @Inject(WATCH_LIMITS) private readonly limits: WatchLimits,
  ) {}

  @Post('reports')
  @HttpCode(204)
  @ApiOperation({ summary: 'Report what became of a version in an instance' })
  @ApiNoContentResponse({ description: 'Noted.' })
  async report(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Body({ schema: Report }) report: z.output<typeof Report>,
  ): Promise<void> {
    await this.instances.report(key, report);
  }

  @Get('instances')
  @ApiOperation({ summary: 'List which instance has which version in force' })
  @ApiOkResponse({ description: 'Instances heard of within a day, newest first.', standardSchema: InstancesSchema })
  async list(@Param({ schema: SettingKey }) key: SettingKey): Promise<z.output<typeof Instances>> {
    const [{ version }, items] = await Promise.all([
      this.releases.current(key),
      this.instances.list(key, this.limits.silentInstanceMs),
    ]);
    return { currentVersion: version, items };
  }
}
