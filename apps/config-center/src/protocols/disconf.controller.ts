import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { formatOfName } from '@rookery/config';
import { Needs } from '../access/needs.ts';
import { Visitors } from '../access/visitors.ts';
import { Documents, named, type Wanted } from '../documents/documents.ts';
import { errors } from '../errors.ts';
import type { Caller } from '../grey/caller.ts';
import type { Reply, Request } from './exchange.ts';

/** How Disconf's clients name a file or an item. */
interface DisconfQuery {
  app?: string;
  env?: string;
  version?: string;
  key?: string;
}

/**
 * Disconf's downloads. The environment is the namespace, the version the group (then `default`), and the file
 * `redis.properties` of the app `orders` is the key `orders.redis.properties`, `orders.redis`, or for `orders.properties`
 * and `application.properties` the app's own key. Disconf's push is ZooKeeper's, which is not here.
 */
@Needs('read', (request) => [environmentOf(request)])
@ApiExcludeController()
@Controller('api/config')
export class DisconfController {
  constructor(
    @Inject(Documents) private readonly documents: Documents,
    @Inject(Visitors) private readonly visitors: Visitors,
  ) {}

  #caller(request: Request): Caller {
    return { ...this.visitors.caller(request, environmentOf(request)), instance: undefined };
  }

  @Get('file')
  async file(
    @Query() query: DisconfQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<string> {
    const found = await this.documents.find(wantedOf(query), this.#caller(request));
    if (!found) throw errors.fileUnknown(query.key ?? '');
    reply
      .header('content-type', 'application/octet-stream')
      .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(query.key ?? '')}`);
    return found.content;
  }

  @Get('item')
  async item(@Query() query: DisconfQuery, @Req() request: Request) {
    const found = await this.documents.find(wantedOf(query), this.#caller(request));
    if (!found) return { status: 2, message: 'item not found', value: '' };
    return { status: 1, message: '', value: found.content };
  }
}

const environmentOf = ({ query }: Request) => ({ environment: String(query.env || 'default') });

function wantedOf({ app, env, version, key }: DisconfQuery): Wanted[] {
  if (!app) throw errors.parameterMissing('app');
  if (!key) throw errors.parameterMissing('key');
  const ending = formatOfName(key);
  const base = ending?.base ?? key;
  const names = [`${app}.${key}`, ...(base === app || base === 'application' ? [app + key.slice(base.length)] : [])];
  const groups = [...new Set([version || 'default', 'default'])];
  return groups.flatMap((group) => names.flatMap((name) => named(env || 'default', group, name)));
}
