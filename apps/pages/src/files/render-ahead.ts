import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Film } from '@rookery/contracts';
import { LOGGER, type Logger } from '@rookery/observability';
import { FEATURED, FILMS_ON_A_PAGE } from '../pages/address.ts';
import { CatalogClient } from '../pages/catalog-client.ts';
import { LANGUAGES } from '../pages/page.ts';
import { filmPage, homePage, listPage } from '../pages/page-data.ts';
import { PagesSettings } from '../settings.ts';
import { PageFiles } from './page-files.ts';

const LONGEST_PAUSE_MS = 10_000;

/** Renders every page into its file after the start, behind the requests: the home pages first, then list by list. */
@Injectable()
export class RenderAhead implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #stop = new AbortController();
  #run: Promise<void> | undefined;

  constructor(
    @Inject(PagesSettings) private readonly settings: PagesSettings,
    @Inject(CatalogClient) private readonly catalog: CatalogClient,
    @Inject(PageFiles) private readonly files: PageFiles,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    if (this.settings.ahead) this.#run = this.#renderAll();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }

  async #renderAll(): Promise<void> {
    const startedAtMs = Date.now();
    let written = await this.#persist(() => this.#home());
    let pages = 1;
    for (let page = 1; page <= pages && !this.#stop.signal.aborted; page++) {
      written += await this.#persist(async () => {
        const { items, total } = await this.catalog.searchFilms({ page, pageSize: FILMS_ON_A_PAGE });
        pages = Math.ceil(total / FILMS_ON_A_PAGE);
        let count = 0;
        for (const language of LANGUAGES) {
          count += Number(
            await this.files.put({ kind: 'list', language, page }, listPage(language, page, items, total)),
          );
        }
        for (const film of items) count += await this.#film(film);
        return count;
      });
    }
    if (this.#stop.signal.aborted) return;
    this.logger.info({ written, durationMs: Date.now() - startedAtMs }, 'pages.rendered-ahead');
  }

  /** One film at a time: a change must not wait behind hundreds of files. */
  async #film(film: Film): Promise<number> {
    const put = LANGUAGES.map((language) =>
      this.files.put({ kind: 'film', language, filmId: film.id }, filmPage(language, film)),
    );
    return (await Promise.all(put)).filter(Boolean).length;
  }

  async #home(): Promise<number> {
    const { films } = await this.catalog.getFilms({ ids: FEATURED });
    const put = LANGUAGES.map((language) => this.files.put({ kind: 'home', language }, homePage(language, films)));
    return (await Promise.all(put)).filter(Boolean).length;
  }

  /** Tries again until it is done or the process ends: the catalog may start later, the disk may be full. */
  async #persist(work: () => Promise<number>): Promise<number> {
    for (let pauseMs = 100; !this.#stop.signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await work();
      } catch (error) {
        this.logger.warn({ reason: error instanceof Error ? error.message : String(error) }, 'pages.render-failed');
        await pause(pauseMs, undefined, { signal: this.#stop.signal }).catch(() => {});
      }
    }
    return 0;
  }
}
