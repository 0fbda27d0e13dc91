import type { Film } from '@rookery/contracts';
import { z } from 'zod';

/** A film as the HTTP API shows it. */
export const FilmSchema: z.ZodType<Film> = z.object({
  id: z.string().meta({ example: 'film-0001' }),
  title: z.string().meta({ example: 'Star Wars Ep. IV: A New Hope' }),
  priceCents: z.int().meta({ example: 1299, description: 'In cents.' }),
  version: z.int().meta({ example: 1, description: 'Grows with each change of the film.' }),
  year: z.int().optional().meta({ example: 1977 }),
  releaseDate: z.iso.date().optional().meta({ example: '1977-05-25' }),
  genre: z.string().optional().meta({ example: 'Adventure' }),
  director: z.string().optional().meta({ example: 'George Lucas' }),
  distributor: z.string().optional().meta({ example: '20th Century Fox' }),
  rating: z.string().optional().meta({ example: 'PG', description: 'By the MPAA.' }),
  runningMinutes: z.int().optional().meta({ example: 121 }),
  imdbRating: z.number().optional().meta({ example: 8.8 }),
});

export const FilmsPageSchema = z.object({
  items: z.array(FilmSchema),
  page: z.int().meta({ example: 1 }),
  total: z.int().meta({ example: 7, description: 'How many films match in all.' }),
});

const MOST_CENTS = 1_000_000;

/** Body of a change of a film. */
export const FilmChange = z.strictObject({
  priceCents: z.int().min(1).max(MOST_CENTS).meta({ example: 1299, description: 'In cents.' }),
});

const MOST_ON_A_PAGE = 100;
const LAST_PAGE = 10_000;
const NO_NUL = /^[^\0]*$/;

const query = z.string().max(200).regex(NO_NUL).default('');

/** Query string of a search. */
export const FilmsQuery = z.strictObject({
  query: query.meta({ example: 'star wars', description: 'Words of title, director, genre or distributor.' }),
  page: z.coerce.number<string>().int().min(1).max(LAST_PAGE).default(1).meta({ example: 1 }),
  pageSize: z.coerce.number<string>().int().min(1).max(MOST_ON_A_PAGE).default(20).meta({ example: 20 }),
});

const unset = <T>(value: T): T | undefined => (value === 0 ? undefined : value);

/** A search over gRPC, where 0 means not given. */
export const SearchFilmsMessage = z.object({
  query,
  page: z.preprocess(unset, z.int().min(1).max(LAST_PAGE).default(1)),
  pageSize: z.preprocess(unset, z.int().min(1).max(MOST_ON_A_PAGE).default(20)),
});

export const GetFilmMessage = z.object({ id: z.string().min(1) });
export const GetFilmsMessage = z.object({ ids: z.array(z.string().min(1)).max(MOST_ON_A_PAGE) });
