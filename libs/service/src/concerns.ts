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
  'tracing',
  'validation',
] as const;

/** The name of one thing that startService adds. */
export type Concern = (typeof CONCERNS)[number];
