import { readFileSync } from 'node:fs';
import { RookeryError } from '@rookery/observability';
import { z } from 'zod';
import { ClientId, Permissions, Roles } from '../administration/schemas.ts';

const Client = z
  .strictObject({
    id: ClientId,
    /** Shown to people who are asked for their consent. */
    name: z.string().min(1).max(100),
    /** At least 32 random characters; a client without one is public and proves itself with PKCE. */
    secret: z.string().min(32).max(200).optional(),
    /** Where people come back after they have signed in; a client without any acts for itself. */
    redirectUris: z.array(z.url()).max(20).default([]),
    /** People sign it in from another device, with a code that it shows. */
    deviceCode: z.boolean().default(false),
    roles: Roles.default([]),
    /** What it may do for itself, by client credentials. */
    permissions: Permissions.default([]),
  })
  .refine(
    ({ secret, redirectUris, deviceCode }) => secret !== undefined || redirectUris.length > 0 || deviceCode,
    'a secret, redirectUris or deviceCode',
  );

export type ClientDeclaration = z.output<typeof Client>;

/** The clients that the file of AUTH_CLIENTS_FILE declares; none when it names none. */
export function readClients(file: string | undefined = process.env.AUTH_CLIENTS_FILE): ClientDeclaration[] {
  if (!file) return [];
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new RookeryError('AUTH_CLIENTS', `AUTH_CLIENTS_FILE names ${file}, which is not a readable JSON file.`, {
      cause,
    });
  }
  const clients = z.array(Client).max(1_000).safeParse(data);
  if (clients.success) return clients.data;
  const problems = clients.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new RookeryError('AUTH_CLIENTS', `The clients of ${file} are refused. ${problems.join('; ')}.`);
}
