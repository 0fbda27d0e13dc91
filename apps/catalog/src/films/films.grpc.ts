import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import type { CatalogService, Film, GetFilmRequest, GetFilmsRequest, GetFilmsResponse } from '@rookery/contracts';
import { Public } from '@rookery/security';
import type { z } from 'zod';
import { GetFilmMessage, GetFilmsMessage, SearchFilmsMessage } from './film-schemas.ts';
import { Films, type FilmsPage } from './films.ts';

/** rookery.catalog.v1.CatalogService. */
@Public()
@Controller()
export class FilmsGrpc implements CatalogService {
  constructor(@Inject(Films) private readonly films: Films) {}

  @GrpcMethod('CatalogService')
  getFilm(@Payload({ schema: GetFilmMessage }) { id }: GetFilmRequest): Promise<Film> {
    return this.films.byId(id);
  }

  @GrpcMethod('CatalogService')
  async getFilms(@Payload({ schema: GetFilmsMessage }) { ids }: GetFilmsRequest): Promise<GetFilmsResponse> {
    const films = await this.films.byIds(ids);
    const found = new Set(films.map((film) => film.id));
    return { films, missingIds: [...new Set(ids)].filter((id) => !found.has(id)) };
  }

  @GrpcMethod('CatalogService')
  searchFilms(
    @Payload({ schema: SearchFilmsMessage }) search: z.output<typeof SearchFilmsMessage>,
  ): Promise<FilmsPage> {
    return this.films.search(search);
  }
}
