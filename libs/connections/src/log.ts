/** The part of a pino logger that connections write to. */
export interface ConnectionLog {
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
}
