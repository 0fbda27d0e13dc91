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

/** The clients that the file of AUTH_CLIENTS_FILE and the text of AUTH_CLIENTS declare; none where both are unset. */
export function readClients({ AUTH_CLIENTS_FILE: file, AUTH_CLIENTS: text } = process.env): ClientDeclaration[] {
  return [
    ...(file ? parse(`AUTH_CLIENTS_FILE (${file})`, () => readFileSync(file, 'utf8')) : []),
    ...(text ? parse('AUTH_CLIENTS', () => text) : []),
  ];
}

function parse(whose: string, read: () => string): ClientDeclaration[] {
  let data: unknown;
  try {
    data = JSON.parse(read());
  } catch (cause) {
    // Neither the text nor what JSON.parse quotes of it: secrets stand there.
    const reason = cause instanceof SyntaxError ? undefined : cause;
    throw new RookeryError('AUTH_CLIENTS', `${whose} is not readable JSON.`, { cause: reason });
  }
  const clients = z.array(Client).max(1_000).safeParse(data);
  if (clients.success) return clients.data;
  const problems = clients.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new RookeryError('AUTH_CLIENTS', `The clients of ${whose} are refused. ${problems.join('; ')}.`);
}
