import type { Principal } from '@rookery/observability';

/** The principal that an engine gave back as JSON text; undefined where it is none, which is nobody. */
export function principalOf(text: unknown): Principal | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const { subject, client, roles, permissions } = JSON.parse(text) as Record<string, unknown>;
    if (typeof subject !== 'string' || !areNames(roles) || !areNames(permissions)) return undefined;
    return { subject, ...(typeof client === 'string' && { client }), roles, permissions };
  } catch {
    return undefined;
  }
}

const areNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string');
