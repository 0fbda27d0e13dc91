import type { ServerResponse } from 'node:http';
import { Controller, Get, Headers, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { domainOf } from '../access/domain.ts';
import { Needs } from '../access/needs.ts';
import { Visitors } from '../access/visitors.ts';
import { CallerQuery } from '../grey/caller.ts';
import type { Request } from '../protocols/exchange.ts';
import { SettingKey } from '../settings/setting-key.ts';
import { Watchers } from './watchers.ts';

const version = z.coerce.number().int().min(0).max(2_147_483_647);

const WatchQuery = CallerQuery.extend({
  after: version.default(0).meta({ description: 'The version that the watcher has.' }),
});

/** What this handler needs of the reply of Fastify. */
interface Reply {
  raw: ServerResponse;
  hijack(): void;
}

@Needs('read')
@ApiTags('watch')
@Controller('api/config-center/settings/:namespace/:group/:service/watch')
export class WatchController {
  constructor(
    @Inject(Watchers) private readonly watchers: Watchers,
    @Inject(Visitors) private readonly visitors: Visitors,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Follow the releases',
    description:
      'Server-Sent Events: `release` (id: the version; data: as GET) for each release after `after` or Last-Event-ID, ' +
      'a burst as its newest; `heartbeat` (data: `{version, everyMs}`) while idle. The stream ends after a quarter of ' +
      'an hour or so; come back with the last id.',
  })
  @ApiHeader({ name: 'last-event-id', required: false, description: 'As `after`, which it outranks.' })
  @ApiOkResponse({ description: 'The stream.', content: { 'text/event-stream': { schema: { type: 'string' } } } })
  async watch(
    @Param({ schema: SettingKey }) key: SettingKey,
    @Query({ schema: WatchQuery }) { after, ...caller }: z.output<typeof WatchQuery>,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: Request,
    @Res() reply: Reply,
  ): Promise<void> {
    await this.watchers.watch(
      key,
      lastEventId === undefined ? after : version.catch(after).parse(lastEventId),
      { ...caller, secrets: this.visitors.showing(request, domainOf(key)) },
      this.visitors.of(request),
      () => {
        reply.hijack();
        reply.raw.writeHead(200, {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          'x-accel-buffering': 'no',
        });
        return reply.raw;
      },
    );
  }
}
