import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { currentRequest } from '@rookery/observability';
import { z } from 'zod';
import { Needs } from '../access/needs.ts';
import { errors } from '../errors.ts';
import { checkSettings } from '../settings/check-settings.ts';
import { ReleaseStore } from '../settings/release-store.ts';
import { SettingKey } from '../settings/setting-key.ts';
import { checkAgainst, checkSchema, type JsonSchema } from './check-schema.ts';
import { SchemaStore } from './schema-store.ts';

const SchemaBody = z.record(z.string(), z.unknown()).meta({ example: { type: 'object', required: ['maxItems'] } });

/** The JSON Schema that every later release of a key must satisfy. */
@ApiTags('schemas')
@Controller('api/config-center/settings/:namespace/:group/:service/schema')
export class SchemasController {
  constructor(
    @Inject(SchemaStore) private readonly schemas: SchemaStore,
    @Inject(ReleaseStore) private readonly releases: ReleaseStore,
  ) {}

  @Get()
  @Needs('read')
  @ApiOperation({ summary: 'Show the schema of a key' })
  @ApiOkResponse({ description: 'The JSON Schema.', standardSchema: SchemaBody })
  async show(@Param({ schema: SettingKey }) key: SettingKey): Promise<JsonSchema> {
    const schema = await this.schemas.of(key);
    if (!schema) throw errors.schemaUnknown();
    return schema;
  }

  @Put()
  @HttpCode(204)
  @Needs('edit')
  @ApiOperation({
    summary: 'Set the schema of a key',
    description: 'JSON Schema, draft 2020-12. Refused where the current release does not satisfy it.',
  })
  @ApiNoContentResponse({ description: 'Releases are checked from now on.' })
  async set(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Body({ schema: SchemaBody }) schema: JsonSchema,
  ): Promise<void> {
    checkSettings(schema);
    checkSchema(schema);
    const { version, removed, settings, format } = await this.releases.current(key);
    if (version > 0 && !removed) checkAgainst(schema, settings, format);
    await this.schemas.set(key, schema, currentRequest().principal?.subject);
  }

  @Delete()
  @HttpCode(204)
  @Needs('edit')
  @ApiOperation({ summary: 'Take the schema of a key away' })
  @ApiNoContentResponse({ description: 'Releases are no longer checked.' })
  remove(@Param({ schema: SettingKey }) key: SettingKey): Promise<void> {
    return this.schemas.remove(key);
  }
}
