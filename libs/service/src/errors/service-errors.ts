import { RookeryError } from '@rookery/observability';

/** Every error that this library raises by itself. */
export const serviceErrors = {
  wrongSettings: (problems: readonly string[]) =>
    new RookeryError('SERVICE_SETTINGS_WRONG', `${problems.join('; ')}. Correct the environment and start again.`),
  badName: (name: string) =>
    new RookeryError(
      'SERVICE_NAME_WRONG',
      `"${name}" cannot be a service's name: it needs a lower-case letter first, then lower-case letters, digits and single dashes.`,
    ),
  unknownConcern: (name: string, known: readonly string[]) =>
    new RookeryError(
      'SERVICE_CONCERN_UNKNOWN',
      `without: "${name}" is not something that can be switched off. Known are: ${known.join(', ')}.`,
    ),
  portTaken: (variable: string, host: string, port: number) =>
    new RookeryError(
      'SERVICE_PORT_TAKEN',
      `Port ${port} on ${host} is taken by another process. Stop that one, or set ${variable} to another port.`,
    ),
  cannotListen: (host: string, port: number, reason: string) =>
    new RookeryError(
      'SERVICE_CANNOT_LISTEN',
      `The service cannot listen on ${host}:${port} (${reason}). Set HOST and PORT to an address of this machine.`,
    ),
  notRegistered: (waitedMs: number, reason: string, cause: unknown) =>
    new RookeryError(
      'SERVICE_NOT_REGISTERED',
      `The registry did not take this instance within ${waitedMs / 1_000} s: ${reason}`,
      { cause },
    ),
  packageMissing: (name: string, needed: string, cause: unknown) =>
    new RookeryError('SERVICE_PACKAGE_MISSING', `${needed} needs the package ${name}. Add it to the application.`, {
      cause,
    }),
  routeNotFound: (method: string, path: string) =>
    new RookeryError('ROUTE_NOT_FOUND', `Nothing answers ${method} ${path} here.`, { status: 404 }),
  methodNotAllowed: (method: string, path: string) =>
    new RookeryError('METHOD_NOT_ALLOWED', `${path} answers GET and HEAD, not ${method}.`, { status: 405 }),
  validation: (sentence: string, issues: readonly object[]) =>
    new RookeryError('VALIDATION_FAILED', sentence, { status: 400, details: { issues } }),
  resourceUnknown: (resource: string) =>
    new RookeryError('RESOURCE_UNKNOWN', `Nobody has called the resource ${resource}, and no rule names it.`, {
      status: 404,
    }),
} as const;
