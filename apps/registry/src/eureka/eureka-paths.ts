/** Where Spring's clients look for Eureka, and where Netflix' own do. */
export const EUREKA_PATHS = ['eureka', 'eureka/v2'] as const;

/** Eureka's clients ask for `/eureka/apps/`, which is `/eureka/apps`. */
export const withoutLastSlash = (url: string): string =>
  url.startsWith('/eureka/') ? url.replace(/\/(?=\?|$)/, '') : url;
