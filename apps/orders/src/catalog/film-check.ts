import { Inject, Injectable } from '@nestjs/common';
import type { Film } from '@rookery/contracts';
import { RookeryError } from '@rookery/observability';
import { OrderSettings } from '../settings/order-settings.ts';
import { CatalogClient } from './catalog-client.ts';

/** Finds the films of an order in the catalog. */
@Injectable()
export class FilmCheck {
  constructor(
    @Inject(CatalogClient) private readonly catalog: CatalogClient,
    @Inject(OrderSettings) private readonly settings: OrderSettings,
  ) {}

  /** The films by id. Fails with `FILM_UNKNOWN` (422) naming those that are none, and with 503 while the catalog is away. */
  async films(ids: readonly string[]): Promise<ReadonlyMap<string, Film>> {
    const { films, missingIds } = await this.catalog
      .getFilms({ ids: [...new Set(ids)] }, { timeoutMs: this.settings.value.catalogTimeoutMs })
      .catch((error: unknown) => {
        throw isAway(error) ? catalogAway(error) : error;
      });
    if (missingIds.length > 0) throw filmUnknown(missingIds);
    return new Map(films.map((film) => [film.id, film]));
  }
}

/** Whether the catalog gave no answer at all; its refusals and our open breaker speak for themselves. */
const isAway = (error: unknown): boolean => !(error instanceof RookeryError) || error.status >= 500;

const RETRY_AFTER_MS = 1_000;

function catalogAway(cause: unknown): RookeryError {
  const retryAfterMs = (cause instanceof RookeryError && cause.retryAfterMs) || RETRY_AFTER_MS;
  const code = cause instanceof RookeryError && cause.code === 'CIRCUIT_OPEN' ? cause.code : 'CATALOG_UNAVAILABLE';
  return new RookeryError(code, 'The films of this order cannot be checked for now. Nothing was ordered.', {
    status: 503,
    retryAfterMs,
    cause,
  });
}

function filmUnknown(ids: readonly string[]): RookeryError {
  const named = ids.map((id) => JSON.stringify(id)).join(', ');
  const message = ids.length === 1 ? `No film has the id ${named}.` : `No films have the ids ${named}.`;
  return new RookeryError('FILM_UNKNOWN', message, { status: 422, details: { filmIds: ids } });
}
