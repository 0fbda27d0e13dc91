import { Controller, Delete, Get, Headers, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Needs } from '../../access/needs.ts';
import { Visitors } from '../../access/visitors.ts';
import { Documents } from '../../documents/documents.ts';
import { errors } from '../../errors.ts';
import { LongPolls } from '../../push/long-polls.ts';
import { ReleaseStore } from '../../settings/release-store.ts';
import { parameter, type Reply, type Request } from '../exchange.ts';
import { type Listening, readListening, writeChanged } from './listening.ts';
import { type DataId, publishDocument, removeDocument } from './nacos-documents.ts';
import { nacosDomain, nacosWanted } from './nacos-names.ts';

const MOST_HELD_MS = 60_000;
/** An answer shortly before the client's own deadline, as Nacos has it. */
const EARLIER_MS = 500;

const ofDocument = (request: Request) => [nacosDomain(parameter(request, 'dataId'), parameter(request, 'tenant'))];
const ofListening = (request: Request) =>
  readListening(parameter(request, 'Listening-Configs')).map(({ dataId, tenant }) => nacosDomain(dataId, tenant));

/** The configuration part of Nacos' open API v1, as its clients up to 2.x over HTTP speak it. */
@ApiExcludeController()
@Controller('nacos/v1/cs/configs')
export class NacosController {
  constructor(
    @Inject(Documents) private readonly documents: Documents,
    @Inject(ReleaseStore) private readonly releases: ReleaseStore,
    @Inject(LongPolls) private readonly polls: LongPolls,
    @Inject(Visitors) private readonly visitors: Visitors,
  ) {}

  @Get()
  @Needs('read', ofDocument)
  async get(@Req() request: Request, @Res({ passthrough: true }) reply: Reply): Promise<string> {
    const { dataId, group, tenant } = dataIdOf(request);
    const found = await this.documents.find(
      nacosWanted(dataId, group, tenant),
      this.visitors.caller(request, nacosDomain(dataId, tenant)),
    );
    reply.header('content-type', 'text/plain;charset=UTF-8');
    if (!found) {
      reply.status(404);
      return 'config data not exist';
    }
    reply.header('content-md5', found.md5).header('config-type', found.format);
    if (found.release.publishedAt) reply.header('last-modified', new Date(found.release.publishedAt).toUTCString());
    return found.content;
  }

  @Post()
  @HttpCode(200)
  @Needs('release', ofDocument)
  async publish(@Req() request: Request, @Headers('casmd5') casMd5: string | undefined): Promise<string> {
    const content = parameter(request, 'content');
    if (!content) throw errors.parameterMissing('content');
    await publishDocument(this.documents, this.releases, dataIdOf(request), content, {
      type: parameter(request, 'type'),
      casMd5: casMd5 ?? parameter(request, 'casMd5'),
      comment: parameter(request, 'desc'),
    });
    return 'true';
  }

  @Delete()
  @Needs('release', ofDocument)
  async remove(@Req() request: Request): Promise<string> {
    await removeDocument(this.documents, this.releases, dataIdOf(request));
    return 'true';
  }

  /** Held until one of the documents is not what the client has; the answer names those, or nothing. */
  @Post('listener')
  @HttpCode(200)
  @Needs('read', ofListening)
  async listen(
    @Req() request: Request,
    @Headers('long-pulling-timeout') timeout: string | undefined,
    @Headers('long-pulling-timeout-no-hangup') noHangup: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<string> {
    const listening = readListening(parameter(request, 'Listening-Configs'));
    const wanted = listening.map(({ dataId, group, tenant }) => nacosWanted(dataId, group, tenant));
    const heldMs = noHangup === 'true' ? 0 : Math.min(MOST_HELD_MS, Math.max(0, Number(timeout ?? 0) - EARLIER_MS));
    reply.header('content-type', 'text/plain;charset=UTF-8');
    const changed = await this.polls.hold(
      wanted.flat().map(({ key }) => key),
      async (read) => {
        const news: Listening[] = [];
        for (const [at, each] of listening.entries()) {
          const found = await this.documents.find(
            wanted[at] ?? [],
            this.visitors.caller(request, nacosDomain(each.dataId, each.tenant)),
            read,
          );
          if (!sameMd5(each.md5, found?.md5)) news.push(each);
        }
        return news.length > 0 ? news : undefined;
      },
      heldMs || 1,
      reply.raw,
    );
    return changed ? writeChanged(changed) : '';
  }
}

/** A client that has nothing sends no MD5, `null`, or that of nothing. */
const NOTHING = new Set(['', 'null', 'undefined', 'd41d8cd98f00b204e9800998ecf8427e']);
const sameMd5 = (theirs: string, ours: string | undefined): boolean =>
  ours === undefined ? NOTHING.has(theirs) : theirs === ours;

function dataIdOf(request: Request): DataId {
  const dataId = parameter(request, 'dataId');
  if (!dataId) throw errors.parameterMissing('dataId');
  return { dataId, group: parameter(request, 'group'), tenant: parameter(request, 'tenant') };
}
