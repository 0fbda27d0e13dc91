export { createPageCache, type PageCacheOptions } from './create-page-cache.ts';
export { PageCacheModule, type PageCacheModuleOptions } from './nest/page-cache.module.ts';
export { type Entry, PageCache, type PageCacheLimits } from './page-cache.ts';
