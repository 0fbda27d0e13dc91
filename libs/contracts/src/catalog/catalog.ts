import { fileURLToPath } from 'node:url';

/** A protobuf package and the file that defines it. */
export interface ProtoPackage {
  readonly package: string;
  readonly protoPath: string;
}

/** `rookery.catalog.v1`: see libs/contracts/proto/catalog/v1/catalog.proto, whose comments say what each call does. */
export const catalogProto: ProtoPackage = {
  package: 'rookery.catalog.v1',
  protoPath: fileURLToPath(new URL('../../proto/catalog/v1/catalog.proto', import.meta.url)),
};

/** A film as the catalog tells it to other services. */
export interface Film {
  id: string;
  title: string;
  priceCents: number;
  /** Grows with each change of the film. */
  version: number;
  year?: number;
  releaseDate?: string;
  genre?: string;
  director?: string;
  distributor?: string;
  rating?: string;
  runningMinutes?: number;
  imdbRating?: number;
}

export interface GetFilmRequest {
  id: string;
}

export interface GetFilmsRequest {
  ids: string[];
}

export interface GetFilmsResponse {
  films: Film[];
  missingIds: string[];
}

export interface SearchFilmsRequest {
  query?: string;
  page?: number;
  pageSize?: number;
}

export interface SearchFilmsResponse {
  items: Film[];
  page: number;
  total: number;
}

/** The calls of `rookery.catalog.v1.CatalogService`; the catalog implements it, clients are typed by it. */
export interface CatalogService {
  getFilm(request: GetFilmRequest): Promise<Film>;
  getFilms(request: GetFilmsRequest): Promise<GetFilmsResponse>;
  searchFilms(request: SearchFilmsRequest): Promise<SearchFilmsResponse>;
}
