/** Consul decodes field names without regard to case and underscores. */
export const caseless = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([key, field]) => [key.replaceAll('_', '').toLowerCase(), field]))
    : value;
