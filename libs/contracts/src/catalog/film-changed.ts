import { z } from 'zod';
import type { Payload, Topic } from '../topic.ts';

/** A film was changed. Carries the whole film, so that who keeps a copy need not ask; its version tells old from new. */
export const filmChanged = {
  name: 'film.changed',
  schema: z.object({
    film: z.object({
      id: z.string().min(1),
      title: z.string(),
      priceCents: z.int().nonnegative(),
      version: z.int().positive(),
      year: z.int().optional(),
      releaseDate: z.iso.date().optional(),
      genre: z.string().optional(),
      director: z.string().optional(),
      distributor: z.string().optional(),
      rating: z.string().optional(),
      runningMinutes: z.int().optional(),
      imdbRating: z.number().optional(),
    }),
    changedAt: z.iso.datetime(),
  }),
} as const satisfies Topic;

export type FilmChanged = Payload<typeof filmChanged>;
