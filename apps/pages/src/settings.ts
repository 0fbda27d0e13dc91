import { resolve } from 'node:path';
import { readSettings } from '@rookery/service';
import { z } from 'zod';

/** The variables of this service alone. */
const Variables = z.object({
  PAGES_AHEAD: z.enum(['true', 'false'], { error: 'true or false' }).default('false'),
  PAGES_FOLDER: z.string().optional(),
  ROOKERY_HOME: z.string().default('.rookery'),
});

export class PagesSettings {
  /** Whether every page is rendered into a file, for nginx to serve without asking anybody. */
  readonly ahead: boolean;
  readonly folder: string;

  constructor(environment: NodeJS.ProcessEnv = process.env) {
    const { PAGES_AHEAD, PAGES_FOLDER, ROOKERY_HOME } = readSettings(Variables, environment);
    this.ahead = PAGES_AHEAD === 'true';
    this.folder = resolve(PAGES_FOLDER ?? `${ROOKERY_HOME}/pages`);
  }
}
