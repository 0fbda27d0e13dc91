import { RookeryError } from '@rookery/observability';

export const FILM_ID = /^film-\d{4}$/;

export const filmUnknown = (): RookeryError =>
  new RookeryError('FILM_UNKNOWN', 'No film has this id. Ids look like film-0001.', { status: 404 });
