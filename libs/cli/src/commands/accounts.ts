import { adminApi } from '../oauth/admin-api.ts';
import { renderTable } from '../output/table.ts';

export interface GrantFlags {
  role?: string[];
  permission?: string[];
}

interface Account {
  username: string;
  roles: string[];
  permissions: string[];
  mustChange: boolean;
  disabled: boolean;
}

interface OneTime {
  username: string;
  oneTimePassword: string;
}

/** The verbs of `rookery accounts`, each of which answers what to print. */
export function accountVerbs(root: string, environment: NodeJS.ProcessEnv) {
  const at = (name: string) => `accounts/${encodeURIComponent(name)}`;
  const setDisabled = async (name: string, disabled: boolean) => {
    await adminApi(root, environment, at(name), { method: 'PATCH', body: { disabled } });
    return `${name} is ${disabled ? 'disabled; an access token that is out holds on for minutes' : 'enabled'}.`;
  };
  return {
    async add(username: string, { role = [], permission = [] }: GrantFlags): Promise<string> {
      const body = { username, roles: role, permissions: permission };
      return said(await adminApi<OneTime>(root, environment, 'accounts', { method: 'POST', body }));
    },

    async list(): Promise<string> {
      const accounts: Account[] = [];
      for (let after: string | null = ''; after !== null; ) {
        const query = new URLSearchParams({ after, limit: '200' });
        const page: { items: Account[]; nextAfter: string | null } = await adminApi(
          root,
          environment,
          `accounts?${query}`,
        );
        accounts.push(...page.items);
        after = page.nextAfter;
      }
      const rows = accounts.map(({ username, roles, permissions, mustChange, disabled }) => [
        username,
        roles.join(' '),
        permissions.join(' '),
        disabled ? 'disabled' : mustChange ? 'one-time password' : '',
      ]);
      return renderTable(['NAME', 'ROLES', 'PERMISSIONS', 'STATE'], rows, { flexible: 2 });
    },

    disable: (name: string) => setDisabled(name, true),
    enable: (name: string) => setDisabled(name, false),

    async password(name: string): Promise<string> {
      return said(await adminApi<OneTime>(root, environment, `${at(name)}/password`, { method: 'POST' }));
    },
  };
}

const said = ({ username, oneTimePassword }: OneTime): string =>
  `${username} signs in once with ${oneTimePassword} and then chooses a password; it is not shown again.`;
