import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The client that this machine's own command line is, at the provider that `npm start` runs. */
export const DEV_CLIENT = 'rookery-dev';
const FILE = 'auth-clients.json';

interface ClientDeclaration {
  id: string;
  name: string;
  secret: string;
  permissions: string[];
}

export const authClientsFile = (home: string): string => join(home, FILE);

/** Writes the file of AUTH_CLIENTS_FILE with a client for development, its secret made here; a file that is there stays. */
export function declareDevClient(home: string): void {
  if (devClientSecret(home) !== undefined) return;
  const client: ClientDeclaration = {
    id: DEV_CLIENT,
    name: 'Development on this machine',
    secret: randomBytes(32).toString('base64url'),
    permissions: ['*'],
  };
  writeFileSync(authClientsFile(home), `${JSON.stringify([client], null, 2)}\n`, { mode: 0o600 });
  chmodSync(authClientsFile(home), 0o600);
}

/** Undefined where no platform with a provider has been started in this folder. */
export function devClientSecret(home: string): string | undefined {
  try {
    const clients = JSON.parse(readFileSync(authClientsFile(home), 'utf8')) as ClientDeclaration[];
    return clients.find(({ id }) => id === DEV_CLIENT)?.secret;
  } catch {
    return undefined;
  }
}
