import type { ConfigSource, SettingsTree } from '../config.ts';

/**
 * Settings of a service from environment variables: `<SERVICE>__<KEY>[__<KEY>...]`, each key in upper snake case for a
 * camel case setting. `ORDERS__LIMITS__MAX_ITEMS=5` is `{ limits: { maxItems: "5" } }` of the service `orders`.
 * Lists and objects are JSON text. What it cannot do: change while the process runs.
 */
export function environmentSource(service: string, env: NodeJS.ProcessEnv = process.env): ConfigSource {
  const prefix = `${service.replaceAll('-', '_').toUpperCase()}__`;
  return {
    name: `environment ${prefix}*`,
    text: true,
    load: async () => ({ version: 0, settings: fromEnvironment(prefix, env) }),
    close: async () => {},
  };
}

function fromEnvironment(prefix: string, env: NodeJS.ProcessEnv): SettingsTree {
  const root: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !name.startsWith(prefix)) continue;
    const path = name.slice(prefix.length).split('__').map(camelCase);
    const last = path.pop();
    if (!last || path.includes('')) continue;
    const parent = path.reduce<Record<string, unknown>>((tree, key) => {
      const inner = tree[key];
      if (typeof inner === 'object' && inner !== null) return inner as Record<string, unknown>;
      const made: Record<string, unknown> = {};
      tree[key] = made;
      return made;
    }, root);
    if (typeof parent[last] !== 'object') parent[last] = value;
  }
  return root;
}

const camelCase = (key: string): string =>
  key.toLowerCase().replace(/_+([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
