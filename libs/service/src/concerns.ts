import { serviceErrors } from './errors/service-errors.ts';

/** What startService adds to an application, each switched off by its name in `without`. */
export const CONCERNS = [
  'access-log',
  'config',
  'discovery',
  'grpc',
  'health',
  'messaging',
  'metrics',
  'openapi',
  'resilience',
  'tracing',
  'validation',
] as const;

/** The name of one thing that startService adds. */
export type Concern = (typeof CONCERNS)[number];

/** Answers which concerns are on, after checking that each name in `without` is one. */
export function concernSwitch(without: readonly string[] = []): (concern: Concern) => boolean {
  for (const name of without) {
    if (!CONCERNS.includes(name as Concern)) throw serviceErrors.unknownConcern(name, CONCERNS);
  }
  const off = new Set(without);
  return (concern) => !off.has(concern);
}
