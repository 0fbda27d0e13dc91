/** What a URL says behind its `?`. */
export interface UrlParameters {
  parameter(name: string): string | undefined;
  /** `15s` or `500ms`. */
  durationMs(name: string, whenUnset: number): number;
}

/** @param known names of all that there may be; throws `bad` for another */
export function urlParameters(
  given: URLSearchParams,
  known: readonly string[],
  bad: (reason: string) => Error,
): UrlParameters {
  const unknown = [...given.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw bad(`"${unknown}" is not one of ${known.join(', ')}`);
  const parameter = (name: string) => given.get(name) ?? undefined;
  return {
    parameter,
    durationMs(name, whenUnset) {
      const value = parameter(name);
      if (value === undefined) return whenUnset;
      const [, digits, unit] = /^([1-9]\d{0,5})(ms|s)$/.exec(value) ?? [];
      if (digits === undefined) throw bad(`${name} is "${value}" and not a duration like 15s or 500ms`);
      return Number(digits) * (unit === 's' ? 1_000 : 1);
    },
  };
}
