import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { writeFormat } from '@rookery/config';
import { currentRequest } from '@rookery/observability';
import type { z } from 'zod';
import { inEnvironment, Needs, unlessDry } from '../access/needs.ts';
import { EnvironmentParam } from '../model/declarations.ts';
import { ExportDocument, ExportQuery, Imported, ImportQuery } from './export-document.ts';
import { Exporter } from './exporter.ts';
import { Importer } from './importer.ts';
import { documentIn, EXPORT_JSON, EXPORT_YAML } from './transfer-body.ts';

/** What these handlers need of the reply of Fastify. */
interface Reply {
  header(name: string, value: string): Reply;
}

/** Environments as files: for a copy, for another environment, and from Nacos. */
@ApiTags('environments')
@Controller('api/config-center/environments/:environment')
export class TransferController {
  constructor(
    @Inject(Exporter) private readonly exporter: Exporter,
    @Inject(Importer) private readonly importer: Importer,
  ) {}

  @Get('export')
  @Needs('edit', inEnvironment)
  @ApiOperation({
    summary: 'Export an environment, a group or a namespace of it',
    description: 'What is declared and what was written, with schemas; not the history, and not what only follows.',
  })
  @ApiOkResponse({ description: 'The document, as a file.', standardSchema: ExportDocument })
  async export(
    @Param({ schema: EnvironmentParam }) { environment }: z.output<typeof EnvironmentParam>,
    @Query({ schema: ExportQuery }) { as, ...only }: z.output<typeof ExportQuery>,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<string> {
    const document = await this.exporter.export(environment, only);
    reply
      .header('content-type', as === 'json' ? EXPORT_JSON : EXPORT_YAML)
      .header('content-disposition', `attachment; filename="${environment.replaceAll(':', '-')}.${as}"`);
    return writeFormat(as, { ...document });
  }

  @Post('import')
  @HttpCode(200)
  @Needs(unlessDry('release'), inEnvironment)
  @ApiOperation({
    summary: 'Import a file into an environment',
    description:
      'An export, or the zip that Nacos exports; at most 8 MiB and 2,000 settings. All of it in one transaction, each ' +
      'that differs as one release, or nothing; every schema is checked.',
  })
  @ApiConsumes('application/json', 'application/yaml', EXPORT_JSON, EXPORT_YAML, 'application/zip')
  @ApiBody({ description: 'The file.', schema: { type: 'object', additionalProperties: true } })
  @ApiOkResponse({ description: 'What changed, or with dryRun what would.', standardSchema: Imported })
  import(
    @Param({ schema: EnvironmentParam }) { environment }: z.output<typeof EnvironmentParam>,
    @Query({ schema: ImportQuery }) how: z.output<typeof ImportQuery>,
    @Body() body: unknown,
  ): Promise<Imported> {
    return this.importer.import(environment, documentIn(body), { ...how, author: currentRequest().principal?.subject });
  }
}
