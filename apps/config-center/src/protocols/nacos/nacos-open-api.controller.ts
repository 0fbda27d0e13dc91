import { Controller, Delete, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '@rookery/security';
import { Needs } from '../../access/needs.ts';
import { Visitors } from '../../access/visitors.ts';
import { type Document, Documents } from '../../documents/documents.ts';
import { errors } from '../../errors.ts';
import { ReleaseStore } from '../../settings/release-store.ts';
import { parameter, type Reply, type Request } from '../exchange.ts';
import { type DataId, publishDocument, removeDocument } from './nacos-documents.ts';
import { nacosDomain, nacosWanted } from './nacos-names.ts';

const NOT_FOUND = { code: 20_004, message: 'resource not found', data: 'config data not exist' };
const ofDocument = (request: Request) => [nacosDomain(parameter(request, 'dataId'), parameter(request, 'namespaceId'))];
const success = (data: unknown) => ({ code: 0, message: 'success', data });

/** The same in the envelopes of Nacos' open API v2, and the read of v3's client API. */
@ApiExcludeController()
@Controller('nacos')
export class NacosOpenApiController {
  constructor(
    @Inject(Documents) private readonly documents: Documents,
    @Inject(ReleaseStore) private readonly releases: ReleaseStore,
    @Inject(Visitors) private readonly visitors: Visitors,
  ) {}

  /** Clients ask which API to speak. */
  @Get('v1/console/server/state')
  @Public()
  state() {
    return { version: '2.0.0', standalone_mode: 'cluster', function_mode: 'config' };
  }

  @Get('v2/cs/config')
  @Needs('read', ofDocument)
  getV2(@Req() request: Request, @Res({ passthrough: true }) reply: Reply) {
    return this.#get(request, reply, ({ content }) => content);
  }

  @Get('v3/client/cs/config')
  @Needs('read', ofDocument)
  getV3(@Req() request: Request, @Res({ passthrough: true }) reply: Reply) {
    return this.#get(request, reply, ({ content, format, md5, release }) => ({
      content,
      contentType: format,
      md5,
      lastModified: Date.parse(release.publishedAt ?? '') || 0,
    }));
  }

  @Post('v2/cs/config')
  @HttpCode(200)
  @Needs('release', ofDocument)
  async publish(@Req() request: Request) {
    const content = parameter(request, 'content');
    if (!content) throw errors.parameterMissing('content');
    await publishDocument(this.documents, this.releases, dataIdOf(request), content, {
      type: parameter(request, 'type'),
      comment: parameter(request, 'desc'),
    });
    return success(true);
  }

  @Delete('v2/cs/config')
  @Needs('release', ofDocument)
  async remove(@Req() request: Request) {
    await removeDocument(this.documents, this.releases, dataIdOf(request));
    return success(true);
  }

  async #get(request: Request, reply: Reply, view: (found: Document) => unknown) {
    const { dataId, group, tenant } = dataIdOf(request);
    const found = await this.documents.find(
      nacosWanted(dataId, group, tenant),
      this.visitors.caller(request, nacosDomain(dataId, tenant)),
    );
    if (found) return success(view(found));
    reply.status(404);
    return NOT_FOUND;
  }
}

function dataIdOf(request: Request): DataId {
  const dataId = parameter(request, 'dataId');
  if (!dataId) throw errors.parameterMissing('dataId');
  const group = parameter(request, 'group') ?? parameter(request, 'groupName');
  return { dataId, group, tenant: parameter(request, 'namespaceId') };
}
