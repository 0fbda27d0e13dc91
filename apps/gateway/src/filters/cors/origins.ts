const EXACT = /^https?:\/\/(?:\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/;
const BELOW = /^(https?:\/\/)\*\.([a-z0-9.-]+(?::\d{1,5})?)$/;

/** An origin, `https://*.shop.example` for all that are below it, or `*`. */
export const isOriginPattern = (text: string): boolean => text === '*' || EXACT.test(text) || BELOW.test(text);

/** Whether an origin is one of those; compared as text, since that is what browsers send. */
export function originMatcher(patterns: readonly string[]): (origin: string) => boolean {
  if (patterns.includes('*')) return () => true;
  const exact = new Set(patterns);
  const below = patterns.flatMap((pattern) => {
    const [, scheme = '', host = ''] = BELOW.exec(pattern) ?? [];
    return scheme === '' ? [] : [{ scheme, ending: `.${host}` }];
  });
  return (origin) =>
    exact.has(origin) ||
    below.some(
      ({ scheme, ending }) =>
        EXACT.test(origin) &&
        origin.startsWith(scheme) &&
        origin.endsWith(ending) &&
        origin.length > scheme.length + ending.length,
    );
}
