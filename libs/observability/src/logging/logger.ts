import { context, trace } from '@opentelemetry/api';
import { type Logger, type LoggerOptions as PinoOptions, pino } from 'pino';

export type { Logger } from 'pino';

/** Field names that never reach a log, wherever they stand. */
const SECRETS = ['password', 'secret', 'token', 'authorization', 'cookie', 'apiKey', 'connectionString'];
const REDACTED = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

export interface LoggerOptions {
  service: string;
  /** pino level; `LOG_LEVEL` or `info` when not given. */
  level?: string;
}

/**
 * A logger that writes one JSON line an event, with the trace it belongs to. It writes synchronously: the last line before
 * a crash is the one that matters, and a buffer that is flushed at exit keeps a process alive for ever whose reader has
 * died (pino's flush tries again after EPIPE).
 */
export function createLogger({ service, level = process.env.LOG_LEVEL ?? 'info' }: LoggerOptions): Logger {
  const options: PinoOptions = {
    level,
    base: { service },
    redact: { paths: REDACTED, censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
    messageKey: 'event',
    errorKey: 'error',
    mixin: () => {
      const span = trace.getSpanContext(context.active());
      return span ? { traceId: span.traceId } : {};
    },
  };
  return pino(options, pino.destination({ fd: 1, sync: true }));
}
