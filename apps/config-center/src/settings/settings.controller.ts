import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { currentRequest } from '@rookery/observability';
import { z } from 'zod';
import { domainOf } from '../access/domain.ts';
import { Needs, unlessDry } from '../access/needs.ts';
import { Visitors } from '../access/visitors.ts';
import { CallerQuery } from '../grey/caller.ts';
import type { Request } from '../protocols/exchange.ts';
import { ShowsSecrets } from '../secrets/mask.interceptor.ts';
import { Secrets } from '../secrets/secrets.ts';
import { type Diff, Diff as DiffSchema, diffOf } from './diff.ts';
import { etagOf, versionOf } from './etag.ts';
import {
  DiffQuery,
  History,
  HistoryQuery,
  NO_RELEASE,
  PublishQuery,
  Release,
  Rollback,
  VersionParam,
} from './release.ts';
import { ReleaseStore } from './release-store.ts';
import { SettingKey } from './setting-key.ts';
import { releaseFor } from './standing.ts';
import { writtenIn } from './written-settings.ts';

/** What these handlers need of the reply of Fastify. */
interface Reply {
  header(name: string, value: string): Reply;
  status(code: number): Reply;
}

@ApiTags('settings')
@Controller('api/config-center/settings/:namespace/:group/:service')
export class SettingsController {
  constructor(
    @Inject(ReleaseStore) private readonly releases: ReleaseStore,
    @Inject(Secrets) private readonly secrets: Secrets,
    @Inject(Visitors) private readonly visitors: Visitors,
  ) {}

  @Get()
  @Needs('read')
  @ShowsSecrets()
  @ApiQuery({
    name: 'secrets',
    required: false,
    enum: ['sealed', 'plain'],
    description: 'How encrypted values come, for who has config:decrypt; masked for all others.',
  })
  @ApiOperation({ summary: 'Show the current settings', description: 'Version 0 and {} where nothing was published.' })
  @ApiHeader({ name: 'if-none-match', required: false, description: 'An ETag; answers 304 while it is current.' })
  @ApiOkResponse({ description: 'The newest release; its version is the ETag.', standardSchema: Release })
  async current(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Query({ schema: CallerQuery }) caller: z.output<typeof CallerQuery>,
    @Headers('if-none-match') known: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Release | undefined> {
    const standing = releaseFor(await this.releases.standing(key), key, caller);
    const release = this.secrets.see(key, standing, this.visitors.showing(request, domainOf(key)));
    const etag = etagOf(release.version);
    reply.header('etag', etag);
    if (known !== etag) return release;
    reply.status(304);
    return undefined;
  }

  @Put()
  @Needs(unlessDry('release'))
  @ApiOperation({
    summary: 'Publish settings',
    description:
      'The body is the whole tree, at most 256 KiB: a JSON object, or text as application/yaml, application/toml, text/x-java-properties or text/plain. Needs config:release for the namespace, a dry run config:edit.',
  })
  @ApiHeader({ name: 'if-match', required: false, description: 'The ETag of the version that the change starts from.' })
  @ApiBody({ description: 'The settings.', schema: { type: 'object', additionalProperties: true } })
  @ApiOkResponse({ description: 'The release that is now current.', standardSchema: Release })
  @ApiResponse({ status: 409, description: 'Somebody else published first; both versions are named.' })
  async publish(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Query({ schema: PublishQuery }) query: z.output<typeof PublishQuery>,
    @Body() body: unknown,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Release | Diff> {
    const written = writtenIn(body);
    const expectedVersion = versionOf(ifMatch) ?? query.expectedVersion;
    if (query.dryRun) {
      const { before, release } = await this.releases.tryOut(key, { ...written, expectedVersion });
      return { from: before.version, to: null, ...diffOf(before.settings, release.settings) };
    }
    const release = await this.releases.publish(key, { ...query, ...written, author: author(), expectedVersion });
    reply.header('etag', etagOf(release.version));
    return release;
  }

  @Get('history')
  @Needs('read')
  @ApiOperation({ summary: 'List the releases, newest first' })
  @ApiOkResponse({ description: 'One page, without the settings themselves.', standardSchema: History })
  async history(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Query({ schema: HistoryQuery }) { before, limit }: z.output<typeof HistoryQuery>,
  ): Promise<z.output<typeof History>> {
    const items = await this.releases.history(key, before, limit);
    return { items, nextBefore: items.length === limit ? (items.at(-1)?.version ?? null) : null };
  }

  @Get('history/:version')
  @Needs('read')
  @ApiOperation({ summary: 'Show one release' })
  @ApiOkResponse({ description: 'The release with its settings.', standardSchema: Release })
  at(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Param('version', { schema: VersionParam }) version: number,
  ): Promise<Release> {
    return this.releases.at(key, version);
  }

  @Get('history/:version/diff')
  @Needs('read')
  @ApiOperation({ summary: 'Compare two releases' })
  @ApiOkResponse({ description: 'What was added, removed and changed.', standardSchema: DiffSchema })
  async diff(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Param('version', { schema: VersionParam }) version: number,
    @Query({ schema: DiffQuery }) { from = version - 1 }: z.output<typeof DiffQuery>,
  ): Promise<Diff> {
    const [before, after] = await Promise.all([
      from === 0 ? NO_RELEASE : this.releases.at(key, from),
      this.releases.at(key, version),
    ]);
    return { from, to: version, ...diffOf(before.settings, after.settings) };
  }

  @Post('rollback')
  @HttpCode(200)
  @Needs('release')
  @ApiOperation({ summary: 'Take up an earlier release again', description: 'Makes a new version with its settings.' })
  @ApiOkResponse({ description: 'The release that is now current.', standardSchema: Release })
  async rollback(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Body({ schema: Rollback }) { version, ...rest }: z.output<typeof Rollback>,
  ): Promise<Release> {
    const written = await this.releases.writtenAt(key, version);
    return this.releases.publish(key, { ...rest, ...written, author: author(), rolledBackFrom: version });
  }
}

/** Who publishes: the token says so, nobody can claim it. */
const author = (): string | undefined => currentRequest().principal?.subject;
