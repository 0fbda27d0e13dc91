import { readSettings } from '@rookery/service';
import { z } from 'zod';

/** Token of {@link Readers}. */
export const READERS = Symbol('config-center.readers');

/** Who may read without a token of somebody: nobody, unless the environment says so. */
export interface Readers {
  /** Whoever reaches the centre may read: for one machine, where `npm start` says so. */
  readonly anyone: boolean;
  /** The token that the platform's own services have in common; it reads every namespace, and does nothing else. */
  readonly servicesToken: string | undefined;
}

const LEAST_CHARACTERS = 32;

const Variables = z.object({
  CONFIG_READERS: z.enum(['tokens', 'anyone'], 'tokens or anyone').default('tokens'),
  CONFIG_TOKEN: z
    .string()
    .regex(/^[\w.~+/=-]+$/, 'letters, digits and . _ ~ + / = -')
    .min(LEAST_CHARACTERS, `at least ${LEAST_CHARACTERS} characters of a random text`)
    .optional(),
});

export function readReaders(): Readers {
  const { CONFIG_READERS, CONFIG_TOKEN } = readSettings(Variables);
  return { anyone: CONFIG_READERS === 'anyone', servicesToken: CONFIG_TOKEN };
}
