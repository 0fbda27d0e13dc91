import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Film } from '@rookery/contracts';
import { Public } from '@rookery/security';
import { z } from 'zod';
import { FilmSchema, FilmsPageSchema, FilmsQuery } from './film-schemas.ts';
import { Films, type FilmsPage } from './films.ts';

const FilmId = z.string().meta({ example: 'film-0001' });

@ApiTags('films')
@Public()
@Controller('films')
export class FilmsController {
  constructor(@Inject(Films) private readonly films: Films) {}

  @Get()
  @ApiOperation({ summary: 'Search films', description: 'All films when the query is empty.' })
  @ApiOkResponse({
    description: 'One page of the films that match, the best matches first.',
    standardSchema: FilmsPageSchema,
  })
  search(@Query({ schema: FilmsQuery }) search: z.output<typeof FilmsQuery>): Promise<FilmsPage> {
    return this.films.search(search);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show a film' })
  @ApiOkResponse({ description: 'The film.', standardSchema: FilmSchema })
  show(@Param('id', { schema: FilmId }) id: string): Promise<Film> {
    return this.films.byId(id);
  }
}
