import type { LoggerService } from '@nestjs/common';
import type { Logger } from '../logging/logger.ts';

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/**
 * Parts of Nest that tell at `log` what nobody asks for at `info`: each mapped route, each initialised module. What
 * ExceptionHandler tells is thrown as well, and reported where it is caught.
 */
const CHATTY = new Set([
  'ExceptionHandler',
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'NestMicroservice',
  'RouterExplorer',
  'RoutesResolver',
]);

/**
 * Writes what goes through Nest's `Logger` as our JSON lines. Fields go as an object:
 * `new Logger(Orders.name).log({ event: 'order placed', orderId })`.
 */
export class NestLogger implements LoggerService {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.#write('info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.#write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.#write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.#write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.#write('fatal', message, rest);
  }

  #write(level: Level, message: unknown, rest: unknown[]): void {
    const context = typeof rest.at(-1) === 'string' ? (rest.pop() as string) : undefined;
    const fields: Record<string, unknown> = context === undefined ? {} : { context };
    for (const extra of rest) addFields(fields, extra);
    const event = typeof message === 'string' ? message : addFields(fields, message);
    this.#logger[CHATTY.has(context ?? '') && level !== 'warn' ? 'debug' : level](fields, event);
  }
}

/** Lays `value` over the fields; answers the sentence that it brings for the event, if any. */
function addFields(fields: Record<string, unknown>, value: unknown): string | undefined {
  if (value instanceof Error) {
    fields.error = value;
    return value.message;
  }
  if (typeof value === 'object' && value !== null) Object.assign(fields, value);
  else if (typeof value === 'string' && value.includes('\n    at ')) fields.stack = value;
  else if (value !== undefined) fields.detail = value;
  return undefined;
}
