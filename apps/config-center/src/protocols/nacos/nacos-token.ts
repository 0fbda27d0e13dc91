import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { parameter, type Request } from '../exchange.ts';

interface TakesHooks {
  addHook(name: 'preHandler', hook: (request: Request, reply: unknown, done: () => void) => void): void;
}

/**
 * Nacos' clients carry their token in the parameter `accessToken`, and old ones their password in each request; here it is a
 * bearer token like any other.
 */
@Injectable()
export class NacosToken implements OnModuleInit {
  constructor(@Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost) {}

  onModuleInit(): void {
    this.adapterHost.httpAdapter.getInstance<TakesHooks>().addHook('preHandler', (request, _reply, done) => {
      const { headers, url = '' } = request.raw;
      if (url.startsWith('/nacos/') && headers.authorization === undefined) {
        const token = parameter(request, 'accessToken') ?? parameter(request, 'password');
        if (token !== undefined) headers.authorization = `Bearer ${token}`;
      }
      done();
    });
  }
}
