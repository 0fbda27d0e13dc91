import type { z } from 'zod';
import { serviceErrors } from '../errors/service-errors.ts';

/**
 * Reads settings from environment variables, typed by a zod object whose keys are their names. An empty variable counts
 * as unset. Throws one sentence that names each wrong one, what was expected and what came.
 */
export function readSettings<T extends z.ZodObject>(
  schema: T,
  environment: NodeJS.ProcessEnv = process.env,
): z.infer<T> {
  const given = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw serviceErrors.wrongSettings(
    result.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return `${name}: expected ${issue.message}, received ${received(name, given[name])}`;
    }),
  );
}

/** Variables whose value may hold a password, or is one. */
const SECRET = /URL|SECRET|TOKEN|PASSWORD|KEY/;

function received(name: string, value: string | undefined): string {
  if (value === undefined) return 'nothing';
  if (SECRET.test(name)) return `a text of ${value.length} characters`;
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
