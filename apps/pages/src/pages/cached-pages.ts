import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@rookery/observability';
import { PageCache } from '@rookery/page-cache';
import { type Address, keyOf } from './address.ts';
import type { Page } from './page.ts';
import { PageSource } from './page-source.ts';

/** The pages' data: from the cache, else from the catalog, once however many ask at the same time. */
@Injectable()
export class CachedPages {
  readonly #loading = new Map<string, Promise<Page>>();

  constructor(
    @Inject(PageCache) private readonly cache: PageCache,
    @Inject(PageSource) private readonly source: PageSource,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  page(address: Address): Promise<Page> {
    const key = keyOf(address);
    let loading = this.#loading.get(key);
    if (!loading) {
      loading = this.#load(key, address).finally(() => this.#loading.delete(key));
      this.#loading.set(key, loading);
    }
    return loading;
  }

  /** Keeps the page unless the cache has it as new; true when it was kept. Fails while the cache is away. */
  put(address: Address, page: Page): Promise<boolean> {
    return this.cache.putIfNewer(keyOf(address), { version: page.version, value: JSON.stringify(page) });
  }

  async #load(key: string, address: Address): Promise<Page> {
    const held = await this.cache.get(key).catch((error: unknown) => this.#away(error));
    if (held) return JSON.parse(held.value);
    const page = await this.source.page(address);
    if (page.status === 200) await this.put(address, page).catch((error: unknown) => this.#away(error));
    return page;
  }

  /** Pages come without the cache, only slower. */
  #away(error: unknown): undefined {
    this.logger.debug({ reason: error instanceof Error ? error.message : String(error) }, 'pages.cache-away');
  }
}
