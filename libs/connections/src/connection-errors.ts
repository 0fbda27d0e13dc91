/** How the concern that a connection works for says what went wrong: each sentence names its own variable. */
export interface ConnectionErrors {
  badUrl(url: string, reason: string): Error;
  missingClient(packageName: string, cause: unknown): Error;
  /** @param server host and port, nothing secret */
  unreachable(server: string, reason: string, cause?: unknown): Error;
  /** @param what for messages: `register orders-1` */
  refused(server: string, what: string, reason: string, cause?: unknown): Error;
  closed(): Error;
}
