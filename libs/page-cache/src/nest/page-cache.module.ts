import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { createPageCache, type PageCacheOptions } from '../create-page-cache.ts';
import { PageCache } from '../page-cache.ts';

export interface PageCacheModuleOptions extends PageCacheOptions {
  /** The environment's CACHE_URL when not given. */
  url?: string;
}

/**
 * The page cache for the whole app: inject {@link PageCache}. It is no readiness check: a service whose cache is away
 * still answers.
 */
@Module({})
export class PageCacheModule implements OnApplicationShutdown {
  constructor(@Inject(PageCache) private readonly cache: PageCache) {}

  static forRoot({ url, ...options }: PageCacheModuleOptions = {}): DynamicModule {
    return {
      module: PageCacheModule,
      global: true,
      providers: [{ provide: PageCache, useFactory: () => createPageCache(url, options) }],
      exports: [PageCache],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.cache.close();
  }
}
