import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

/** The part of a movie of vega-datasets that the catalog uses. Nine titles are numbers (1941, 300, ...), one is null. */
const Movie = z.object({
  Title: z.union([z.string(), z.number()]).nullable(),
  'Release Date': z.string(),
  'MPAA Rating': z.string().nullable(),
  'Running Time min': z.number().nullable(),
  Distributor: z.string().nullable(),
  'Major Genre': z.string().nullable(),
  Director: z.union([z.string(), z.number()]).nullable(),
  'IMDB Rating': z.number().nullable(),
});

export type Movie = z.infer<typeof Movie>;

/** All movies of the npm package vega-datasets, in its order. */
export async function readMovies(): Promise<Movie[]> {
  const entry = pathToFileURL(createRequire(import.meta.url).resolve('vega-datasets'));
  const text = await readFile(new URL('../data/movies.json', entry), 'utf8');
  return z.array(Movie).parse(JSON.parse(text));
}
