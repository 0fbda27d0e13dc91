import { startTestIssuer } from '@rookery/security/testing';
import { createService, type RunningService } from '@rookery/service';
import { afterAll } from 'vitest';
import { AppModule } from '../app.module.ts';
import { serviceOptions } from '../service-options.ts';

/** Whose tokens the replicas take. */
export const issuer = await startTestIssuer();
process.env.AUTH_ISSUER_URL = issuer.issuer;
process.env.CONFIG_READERS = 'anyone';
afterAll(() => issuer.close());

/**
 * A replica of the real app in this process, on the database that DATABASE_URL names; whoever reaches it may read, as with
 * `npm start`, unless CONFIG_READERS says otherwise.
 */
export function startReplica(port = 0, logLevel = 'silent'): Promise<RunningService> {
  const without = [...(serviceOptions.without ?? []), 'discovery'] as const;
  return createService(
    AppModule,
    { ...serviceOptions, without },
    { environment: { PORT: String(port), LOG_LEVEL: logLevel } },
  );
}

let keys = 0;

/** The address of a service's settings that no other test uses. */
export function newKey(): string {
  keys += 1;
  return `/api/config-center/settings/default/default/service-${keys}`;
}

/** Calls the centre with JSON, as somebody who may do everything, and answers status and body. */
export async function call(url: string, method = 'GET', body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method,
    headers: {
      ...issuer.bearer('config'),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  return {
    status: response.status,
    etag: response.headers.get('etag'),
    body: (text ? JSON.parse(text) : undefined) as Record<string, unknown>,
  };
}
