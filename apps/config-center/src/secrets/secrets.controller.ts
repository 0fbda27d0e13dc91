import { Body, Controller, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { currentRequest } from '@rookery/observability';
import { z } from 'zod';
import { inEnvironment, Needs, unlessDry } from '../access/needs.ts';
import { EnvironmentParam } from '../model/declarations.ts';
import { SettingKey } from '../settings/setting-key.ts';
import { ShowsSecrets } from './mask.interceptor.ts';
import { Rotation } from './rotation.ts';
import { Secrets } from './secrets.ts';

const MOST = 1_000;
const path = z.string().min(1).max(1_000);
const few = (record: object) => Object.keys(record).length <= MOST;

const Values = z.object({
  values: z
    .record(path, z.union([z.string().max(100_000), z.number(), z.boolean()]))
    .refine(few, `at most ${MOST}`)
    .meta({ example: { 'db.password': 's3cret' } }),
});
const Texts = z.object({ values: z.record(path, z.string().max(200_000)).refine(few, `at most ${MOST}`) });

const RotationQuery = z.object({ dryRun: z.stringbool().default(false) });
const Place = z.object({ group: z.string(), service: z.string(), version: z.number().int() });
const Rotated = z.object({
  key: z.string().meta({ description: 'The id of the current key.' }),
  dryRun: z.boolean(),
  rotated: z.array(Place).meta({ description: 'And the version in which it is encrypted anew.' }),
  skipped: z.array(Place.extend({ reason: z.string() })),
});

/** Values that are kept encrypted. */
@ApiTags('encrypted values')
@Controller('api/config-center')
export class SecretsController {
  constructor(
    @Inject(Secrets) private readonly secrets: Secrets,
    @Inject(Rotation) private readonly rotation: Rotation,
  ) {}

  @Post('settings/:namespace/:group/:service/encrypt')
  @HttpCode(200)
  @Needs('edit')
  @ShowsSecrets()
  @ApiOperation({
    summary: 'Encrypt values for their paths in the settings of a key',
    description: 'With the current key. What comes back is put in at that path, and is worth nothing at another one.',
  })
  @ApiOkResponse({ description: 'The encrypted values by their paths.', standardSchema: Texts })
  encrypt(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Body({ schema: Values }) { values }: z.output<typeof Values>,
  ): z.output<typeof Texts> {
    const sealed = Object.entries(values).map(([at, value]) => [at, this.secrets.seal(key, at, value)]);
    return { values: Object.fromEntries(sealed) };
  }

  @Post('settings/:namespace/:group/:service/decrypt')
  @HttpCode(200)
  @Needs('decrypt')
  @ShowsSecrets()
  @ApiOperation({ summary: 'Decrypt values of the settings of a key', description: 'Needs config:decrypt.' })
  @ApiOkResponse({ description: 'The values by their paths.', standardSchema: Values })
  decrypt(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Body({ schema: Texts }) { values }: z.output<typeof Texts>,
  ): z.output<typeof Values> {
    const opened = Object.entries(values).map(([at, text]) => [at, this.secrets.open(key, at, text)]);
    return { values: Object.fromEntries(opened) };
  }

  @Post('environments/:environment/rotate-keys')
  @HttpCode(200)
  @Needs(unlessDry('release'), inEnvironment)
  @ApiOperation({
    summary: 'Encrypt with the current key what older keys encrypted',
    description: 'Each key that has such values gets a new version. A grey release is left alone and named.',
  })
  @ApiOkResponse({ description: 'What was encrypted anew, or with dryRun would be.', standardSchema: Rotated })
  rotate(
    @Param({ schema: EnvironmentParam }) { environment }: z.output<typeof EnvironmentParam>,
    @Query({ schema: RotationQuery }) { dryRun }: z.output<typeof RotationQuery>,
  ): Promise<z.output<typeof Rotated>> {
    return this.rotation.run(environment, { dryRun, author: currentRequest().principal?.subject });
  }
}
