/** Whoever's name says so, `token=…`, but not `token-file=…`. */
const SECRET_PARAMETER =
  /([?&][^=&#]*(?:token|password|passwd|pwd|secret|key|auth|credential)[^=&#]*(?<!-file)=)[^&#]*/gi;

/**
 * A URL as it may be shown. It may be a wrong one, so everything before its last `@` counts as user and password, and what
 * looks like a secret by its name is one, whether a driver knows it or not.
 */
export const hideSecrets = (url: string): string => url.replace(/(:\/*).*@/s, '$1…@').replace(SECRET_PARAMETER, '$1…');
