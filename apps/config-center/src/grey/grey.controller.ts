import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { currentRequest } from '@rookery/observability';
import { z } from 'zod';
import { Needs } from '../access/needs.ts';
import { errors } from '../errors.ts';
import { checkSettings } from '../settings/check-settings.ts';
import { Release } from '../settings/release.ts';
import { ReleaseStore } from '../settings/release-store.ts';
import { SettingKey } from '../settings/setting-key.ts';
import { GreyRule } from './grey-rule.ts';

const comment = z.string().trim().min(1).max(1_000).optional().meta({ description: 'Why.' });

const GreyBody = z.object({
  settings: z.record(z.string(), z.unknown()).meta({ description: 'The whole tree; what is not in it is removed.' }),
  rule: GreyRule,
  comment,
});

const Why = z.object({ comment }).default({});

const Grey = z.object({ release: Release, rule: GreyRule });

/** A release that only some instances get, until it is promoted or abandoned. */
@ApiTags('grey releases')
@Controller('api/config-center/settings/:namespace/:group/:service/grey')
export class GreyController {
  constructor(@Inject(ReleaseStore) private readonly releases: ReleaseStore) {}

  @Get()
  @Needs('read')
  @ApiOperation({ summary: 'Show the grey release' })
  @ApiOkResponse({ description: 'The release and who gets it.', standardSchema: Grey })
  async show(@Param({ schema: SettingKey }) key: SettingKey): Promise<z.output<typeof Grey>> {
    const { grey } = await this.releases.standing(key);
    if (!grey) throw errors.greyUnknown();
    return { release: grey.release, rule: grey.rule };
  }

  @Put()
  @Needs('release')
  @ApiOperation({
    summary: 'Try settings out on some instances',
    description:
      'In place of the grey release before it, if there is one. Nothing else can be published for the key until it is ' +
      'promoted or abandoned.',
  })
  @ApiOkResponse({ description: 'The grey release.', standardSchema: Release })
  put(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Body({ schema: GreyBody }) { settings, rule, comment: why }: z.output<typeof GreyBody>,
  ): Promise<Release> {
    checkSettings(settings);
    return this.releases.publishGrey(key, rule, { settings, author: caller(), comment: why });
  }

  @Post('promote')
  @HttpCode(200)
  @Needs('release')
  @ApiOperation({ summary: 'Give the grey release to all' })
  @ApiOkResponse({ description: 'The release that is now current.', standardSchema: Release })
  promote(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Body({ schema: Why }) { comment: why }: z.output<typeof Why>,
  ): Promise<Release> {
    return this.releases.endGrey(key, 'promote', { author: caller(), comment: why });
  }

  @Post('abandon')
  @HttpCode(200)
  @Needs('release')
  @ApiOperation({ summary: 'Take the grey release back', description: 'Makes a new version of what all others have.' })
  @ApiOkResponse({ description: 'The release that is now current.', standardSchema: Release })
  abandon(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Body({ schema: Why }) { comment: why }: z.output<typeof Why>,
  ): Promise<Release> {
    return this.releases.endGrey(key, 'abandon', { author: caller(), comment: why });
  }
}

const caller = (): string | undefined => currentRequest().principal?.subject;
