import { Module } from '@nestjs/common';
import { MessagingModule } from '@rookery/messaging';
import { PageCacheModule } from '@rookery/page-cache';
import { RpcModule } from '@rookery/rpc';
import { SecurityModule } from '@rookery/security';
import { PageFiles } from './files/page-files.ts';
import { RenderAhead } from './files/render-ahead.ts';
import { CachedPages } from './pages/cached-pages.ts';
import { CatalogClient } from './pages/catalog-client.ts';
import { FilmChanges } from './pages/film-changes.ts';
import { PageSource } from './pages/page-source.ts';
import { PageDataController, PagesController } from './pages/pages.controller.ts';
import { PagesSettings } from './settings.ts';
import { PageRenderer } from './template/page-renderer.ts';

/** A change waits for a cache that is away through twelve tries: a quarter of a second, twice that, ... minutes. */
const PATIENCE = { maxAttempts: 12, retryDelayMs: 250 };

@Module({
  imports: [
    SecurityModule.forRoot(),
    MessagingModule.forRoot(PATIENCE),
    PageCacheModule.forRoot(),
    RpcModule.forFeature(CatalogClient),
  ],
  controllers: [PagesController, PageDataController, FilmChanges],
  providers: [
    CachedPages,
    PageSource,
    PageFiles,
    PageRenderer,
    RenderAhead,
    { provide: PagesSettings, useFactory: () => new PagesSettings() },
  ],
})
export class AppModule {}
