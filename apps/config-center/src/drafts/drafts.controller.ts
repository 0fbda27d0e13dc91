import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import {
  ApiBody,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { Database } from '@rookery/database';
import { currentRequest } from '@rookery/observability';
import type { z } from 'zod';
import { Needs, unlessDry } from '../access/needs.ts';
import { type Diff, Diff as DiffSchema, diffOf } from '../settings/diff.ts';
import { etagOf, versionOf } from '../settings/etag.ts';
import { Release } from '../settings/release.ts';
import { ReleaseStore } from '../settings/release-store.ts';
import { SettingKey } from '../settings/setting-key.ts';
import { withoutKeeping } from '../settings/without-keeping.ts';
import { writtenIn } from '../settings/written-settings.ts';
import type { ConfigDatabase } from '../tables.ts';
import { Draft, DryRun, Edits, PublishDraft } from './draft.ts';
import { DraftStore, type Editor } from './draft-store.ts';

/** What these handlers need of the reply of Fastify. */
interface Reply {
  header(name: string, value: string): Reply;
}

/** Edits of a key that are collected, looked at, and released together. */
@ApiTags('drafts')
@Controller('api/config-center/settings/:namespace/:group/:service/draft')
export class DraftsController {
  constructor(
    @Inject(Database) private readonly database: Database<ConfigDatabase>,
    @Inject(DraftStore) private readonly drafts: DraftStore,
    @Inject(ReleaseStore) private readonly releases: ReleaseStore,
  ) {}

  @Get()
  @Needs('edit')
  @ApiOperation({ summary: 'Show the draft of a key' })
  @ApiOkResponse({ description: 'The draft; its revision is the ETag.', standardSchema: Draft })
  async show(@Param({ schema: SettingKey }) key: SettingKey, @Res({ passthrough: true }) reply: Reply): Promise<Draft> {
    return tagged(reply, await this.drafts.show(key));
  }

  @Put()
  @Needs('edit')
  @ApiOperation({
    summary: 'Write the whole draft',
    description: 'The body is as for publishing: JSON, or text as YAML, TOML, .properties or plain text.',
  })
  @ApiHeader({
    name: 'if-match',
    required: false,
    description: 'The ETag that the edit starts from; "0" for none yet.',
  })
  @ApiBody({ description: 'The settings.', schema: { type: 'object', additionalProperties: true } })
  @ApiOkResponse({ description: 'The draft.', standardSchema: Draft })
  @ApiResponse({ status: 409, description: 'Somebody else edited it first; both revisions are named.' })
  async put(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Body() body: unknown,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Draft> {
    return tagged(reply, await this.drafts.put(key, writtenIn(body), editor(ifMatch)));
  }

  @Patch()
  @Needs('edit')
  @ApiOperation({
    summary: 'Change some settings of the draft',
    description:
      'By their paths; begins a draft where there is none. What it was written as (comments of YAML) is gone.',
  })
  @ApiHeader({ name: 'if-match', required: false, description: 'As for PUT.' })
  @ApiOkResponse({ description: 'The draft.', standardSchema: Draft })
  @ApiResponse({ status: 409, description: 'Somebody else edited it first; both revisions are named.' })
  async edit(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Body({ schema: Edits }) edits: Edits,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Draft> {
    return tagged(reply, await this.drafts.edit(key, edits, editor(ifMatch)));
  }

  @Delete()
  @HttpCode(204)
  @Needs('edit')
  @ApiOperation({ summary: 'Discard the draft', description: 'Also one that waits for its time.' })
  @ApiHeader({ name: 'if-match', required: false, description: 'As for PUT.' })
  @ApiNoContentResponse({ description: 'It is gone.' })
  discard(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    return this.drafts.discard(key, editor(ifMatch));
  }

  @Get('diff')
  @Needs('edit')
  @ApiOperation({
    summary: 'Compare the draft with what is current',
    description: 'Of what is written. What instances would get, and whether it may be released: publish?dryRun=true.',
  })
  @ApiOkResponse({ description: 'What was added, removed and changed.', standardSchema: DiffSchema })
  async diff(@Param({ schema: SettingKey }) key: SettingKey): Promise<Diff> {
    const [draft, { main, written }] = [await this.drafts.show(key), await this.releases.standing(key)];
    return { from: main.version, to: null, ...diffOf(written.settings, draft.settings) };
  }

  @Post('rebase')
  @HttpCode(200)
  @Needs('edit')
  @ApiOperation({
    summary: 'Lay the draft over what is current now',
    description: 'Refused with the paths where the draft and a release since changed the same setting.',
  })
  @ApiHeader({ name: 'if-match', required: false, description: 'As for PUT.' })
  @ApiOkResponse({ description: 'The draft.', standardSchema: Draft })
  async rebase(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Draft> {
    return tagged(reply, await this.drafts.rebase(key, editor(ifMatch)));
  }

  @Post('publish')
  @HttpCode(200)
  @Needs(unlessDry('release'))
  @ApiOperation({
    summary: 'Release the draft',
    description: 'All of its edits are one release. The draft is over then.',
  })
  @ApiHeader({ name: 'if-match', required: false, description: 'As for PUT.' })
  @ApiOkResponse({
    description: 'The release that is now current; for a dry run what would change.',
    standardSchema: Release,
  })
  @ApiResponse({ status: 409, description: 'There was a release since the draft was begun; both versions are named.' })
  async publish(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Query({ schema: DryRun }) { dryRun }: z.output<typeof DryRun>,
    @Body({ schema: PublishDraft }) { comment }: z.output<typeof PublishDraft>,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<Release | Diff> {
    const how = { ...editor(ifMatch), comment };
    if (!dryRun) {
      return this.database.transaction(async (trx) => (await this.drafts.publishWithin(trx, key, how)).release);
    }
    const { before, release } = await withoutKeeping(this.database, (trx) => this.drafts.publishWithin(trx, key, how));
    return { from: before.version, to: null, ...diffOf(before.settings, release.settings) };
  }
}

const editor = (ifMatch: string | undefined): Editor => ({
  author: currentRequest().principal?.subject,
  expectedRevision: versionOf(ifMatch),
});

function tagged(reply: Reply, draft: Draft): Draft {
  reply.header('etag', etagOf(draft.revision));
  return draft;
}
