import { z } from 'zod';
import type { Showing } from '../secrets/showing.ts';

/** Who asks for settings, as far as grey releases go. */
export interface Caller {
  readonly instance?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** How encrypted values are shown to it; as masks when not given. */
  readonly secrets?: Showing;
}

export const NOBODY: Caller = { labels: {} };

const MOST_LABELS = 20;

/** `zone=a,canary=yes` as it comes in a query. */
export const Labels = z
  .string()
  .max(1_000)
  .default('')
  .transform((text) =>
    Object.fromEntries(
      text
        .split(',')
        .slice(0, MOST_LABELS)
        .map((pair) => pair.split('=', 2))
        .filter((pair): pair is [string, string] => pair.length === 2 && pair[0] !== '' && pair[0] !== '__proto__'),
    ),
  );

export const CallerQuery = z.object({
  instance: z.string().min(1).max(200).optional().meta({ description: 'Who asks; as in its reports.' }),
  labels: Labels.meta({ description: '`zone=a,canary=yes`: what grey releases may go by.' }),
});
