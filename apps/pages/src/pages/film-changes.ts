import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { type FilmChanged, filmChanged } from '@rookery/contracts';
import { FromBus } from '@rookery/security';
import { PageFiles } from '../files/page-files.ts';
import { PagesSettings } from '../settings.ts';
import { type Address, showing } from './address.ts';
import { CachedPages } from './cached-pages.ts';
import type { Page } from './page.ts';
import { filmPage } from './page-data.ts';
import { PageSource } from './page-source.ts';

/**
 * A changed film: just the pages that show it are made anew. The film's own from the message, the others from the
 * catalog; a message that comes late has the lower version and changes nothing. While the cache or the catalog is away
 * the message is tried again.
 */
@Controller()
export class FilmChanges {
  constructor(
    @Inject(CachedPages) private readonly pages: CachedPages,
    @Inject(PageSource) private readonly source: PageSource,
    @Inject(PageFiles) private readonly files: PageFiles,
    @Inject(PagesSettings) private readonly settings: PagesSettings,
  ) {}

  /** Whoever changed the film was allowed to, or it would not be told; the pages only show it. */
  @FromBus()
  @EventPattern<string>(filmChanged.name)
  async onFilmChanged(@Payload({ schema: filmChanged.schema }) { film }: FilmChanged): Promise<void> {
    const kept = await Promise.allSettled(
      showing(film.id).map(async (address) => {
        const page = address.kind === 'film' ? filmPage(address.language, film) : await this.source.page(address);
        if (page.status === 200) await this.#keep(address, page);
      }),
    );
    const failed = kept.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** Files do not wait for the cache: each is tried, and a failure of either is the message's. */
  async #keep(address: Address, page: Page): Promise<void> {
    const kept = this.pages.put(address, page);
    kept.catch(() => {});
    if (this.settings.ahead) await this.files.put(address, page);
    await kept;
  }
}
