import { Inject, Injectable } from '@nestjs/common';
import { RookeryError } from '@rookery/observability';
import { type Address, FEATURED, FILMS_ON_A_PAGE } from './address.ts';
import { CatalogClient } from './catalog-client.ts';
import type { Page } from './page.ts';
import { filmPage, homePage, listPage, missingPage } from './page-data.ts';

/** Makes pages from what the catalog says now. */
@Injectable()
export class PageSource {
  constructor(@Inject(CatalogClient) private readonly catalog: CatalogClient) {}

  /** The page at the address; one with status 404 where the catalog has nothing to show. */
  async page(address: Address): Promise<Page> {
    const { language } = address;
    switch (address.kind) {
      case 'home': {
        const { films } = await this.catalog.getFilms({ ids: FEATURED });
        return homePage(language, films);
      }
      case 'list': {
        const { items, total } = await this.catalog.searchFilms({ page: address.page, pageSize: FILMS_ON_A_PAGE });
        return items.length > 0 ? listPage(language, address.page, items, total) : missingPage(language);
      }
      case 'film':
        try {
          return filmPage(language, await this.catalog.getFilm({ id: address.filmId }));
        } catch (error) {
          if (error instanceof RookeryError && error.code === 'FILM_UNKNOWN') return missingPage(language);
          throw error;
        }
    }
  }
}
