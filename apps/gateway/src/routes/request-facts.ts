/** What keeps one client on one side of a weight group: exactly one of them. */
export interface Sticky {
  readonly cookie?: string | undefined;
  readonly header?: string | undefined;
  /** Subject of the bearer token. */
  readonly principal?: true | undefined;
  readonly address?: true | undefined;
}

/** What a route may ask about a request. */
export interface RequestFacts {
  readonly method: string;
  /** Lower case, without the port. */
  readonly hostName: string;
  readonly clientAddress: string;
  readonly lane: string | undefined;
  /** `name` in lower case. */
  header(name: string): string | undefined;
  queryValue(name: string): string | undefined;
  cookie(name: string): string | undefined;
  /** The request's place in [0, 1) of a weight group: one draw a request, whichever route asks. */
  share(group: string, sticky: Sticky | undefined, random: () => number): number;
}
