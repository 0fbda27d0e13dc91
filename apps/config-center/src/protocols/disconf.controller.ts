import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { formatOfName } from '@rookery/config';
import { Needs } from '../access/needs.ts';
import { Documents, named, type Wanted } from '../documents/documents.ts';
import { errors } from '../errors.ts';
import type { Reply } from './exchange.ts';

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
@Needs('read', (request) => [String(request.query.env || 'default')])
@ApiExcludeController()
@Controller('api/config')
export class DisconfController {
  constructor(@Inject(Documents) private readonly documents: Documents) {}

  @Get('file')
  async file(@Query() query: DisconfQuery, @Res({ passthrough: true }) reply: Reply): Promise<string> {
    const found = await this.documents.find(wantedOf(query));
    if (!found) throw errors.fileUnknown(query.key ?? '');
    reply
      .header('content-type', 'application/octet-stream')
      .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(query.key ?? '')}`);
    return found.content;
  }

  @Get('item')
  async item(@Query() query: DisconfQuery) {
    const found = await this.documents.find(wantedOf(query));
    if (!found) return { status: 2, message: 'item not found', value: '' };
    return { status: 1, message: '', value: found.content };
  }
}

function wantedOf({ app, env, version, key }: DisconfQuery): Wanted[] {
  if (!app) throw errors.parameterMissing('app');
  if (!key) throw errors.parameterMissing('key');
  const ending = formatOfName(key);
  const base = ending?.base ?? key;
  const names = [`${app}.${key}`, ...(base === app || base === 'application' ? [app + key.slice(base.length)] : [])];
  const groups = [...new Set([version || 'default', 'default'])];
  return groups.flatMap((group) => names.flatMap((name) => named(env || 'default', group, name)));
}
