/** The part of a pino logger that discovery writes to. */
export interface DiscoveryLog {
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
}
