import { adminApi } from '../oauth/admin-api.ts';
import { renderTable } from '../output/table.ts';
import type { GrantFlags } from './accounts.ts';

export interface ClientFlags extends GrantFlags {
  name?: string;
  redirect?: string[];
  device?: boolean;
  public?: boolean;
}

interface Client {
  id: string;
  name: string;
  public: boolean;
  redirectUris: string[];
  deviceCode: boolean;
  roles: string[];
  permissions: string[];
}

/** The verbs of `rookery clients`, each of which answers what to print. */
export function clientVerbs(root: string, environment: NodeJS.ProcessEnv) {
  return {
    async add(id: string, flags: ClientFlags): Promise<string> {
      const { name = id, redirect = [], device = false, public: isPublic = false, role = [], permission = [] } = flags;
      const grants = { roles: role, permissions: permission };
      const body = { id, name, public: isPublic, redirectUris: redirect, deviceCode: device, ...grants };
      const { secret } = await adminApi<{ secret: string | null }>(root, environment, 'clients', {
        method: 'POST',
        body,
      });
      return secret === null
        ? `${id} is added; it is public.`
        : `${id} has the secret ${secret}; it is not shown again.`;
    },

    async list(): Promise<string> {
      const { items } = await adminApi<{ items: Client[] }>(root, environment, 'clients');
      const rows = items.map((client) => [
        client.id,
        client.name,
        [...(client.public ? ['public'] : ['secret']), ...(client.deviceCode ? ['device'] : [])].join(' '),
        [...client.roles, ...client.permissions].join(' '),
      ]);
      // Addresses are compared to the letter, so they stand whole.
      const redirects = items.flatMap(({ id, redirectUris }) =>
        redirectUris.map((uri) => `${id} comes back to ${uri}`),
      );
      return [renderTable(['ID', 'NAME', 'KIND', 'MAY'], rows, { flexible: 3 }), ...redirects].join('\n');
    },

    async remove(id: string): Promise<string> {
      await adminApi(root, environment, `clients/${encodeURIComponent(id)}`, { method: 'DELETE' });
      return `${id} is removed; an access token that is out holds on for minutes.`;
    },
  };
}
