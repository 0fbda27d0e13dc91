import { Body, Controller, Get, Inject, Param, Patch, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Film } from '@rookery/contracts';
import { Public, RequiresPermissions } from '@rookery/security';
import { z } from 'zod';
import { ChangeFilm } from './change-film.ts';
import { FilmChange, FilmSchema, FilmsPageSchema, FilmsQuery } from './film-schemas.ts';
import { Films, type FilmsPage } from './films.ts';

const FilmId = z.string().meta({ example: 'film-0001' });

@ApiTags('films')
@Controller('films')
export class FilmsController {
  constructor(
    @Inject(Films) private readonly films: Films,
    @Inject(ChangeFilm) private readonly changes: ChangeFilm,
  ) {}

  @Get()
  @Public()
  @ApiOperation({ summary: 'Search films', description: 'All films when the query is empty.' })
  @ApiOkResponse({
    description: 'One page of the films that match, the best matches first.',
    standardSchema: FilmsPageSchema,
  })
  search(@Query({ schema: FilmsQuery }) search: z.output<typeof FilmsQuery>): Promise<FilmsPage> {
    return this.films.search(search);
  }

  @Get(':id')
  @Public()
  @ApiOperation({ summary: 'Show a film' })
  @ApiOkResponse({ description: 'The film.', standardSchema: FilmSchema })
  show(@Param('id', { schema: FilmId }) id: string): Promise<Film> {
    return this.films.byId(id);
  }

  @Patch(':id')
  @ApiBearerAuth()
  @RequiresPermissions('film:update')
  @ApiOperation({ summary: 'Change the price of a film', description: 'Tells of it with the message film.changed.' })
  @ApiOkResponse({ description: 'The film as it is now.', standardSchema: FilmSchema })
  change(
    @Param('id', { schema: FilmId }) id: string,
    @Body({ schema: FilmChange }) change: z.output<typeof FilmChange>,
  ): Promise<Film> {
    return this.changes.change(id, change);
  }
}
