import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestIssuer } from '@rookery/security/testing';

const ROUTES = 500;
/** Longer than any run. */
const TOKEN_S = 3_600;

/** What a service behind the gateway usually has on: tokens, a limit by caller, a breaker of the route. */
const filtersOf = (issuer: TestIssuer) => [
  { name: 'auth', mode: 'required', issuer: issuer.issuer, audience: issuer.audience },
  { name: 'rate-limit', key: 'principal', perSecond: 1_000_000, burst: 1_000_000 },
];

/** So many routes that lead nowhere asked for, beside the one to the service. */
export const plainRoutes = (count: number): object[] => [
  ...Array.from({ length: count - 1 }, (_, at) => ({
    id: `other-${at}`,
    path: `/api/other-${at}/{id}/parts/**`,
    service: 'catalog',
  })),
  { id: 'services', path: '/api/{service}/**', service: '{service}' },
];

/** The file with the settings of the whole chain. */
export function writeChain(home: string, issuer: TestIssuer): string {
  const filters = filtersOf(issuer);
  const routes = plainRoutes(ROUTES).map((route) => ({ ...route, filters, breaker: {} }));
  return writeSettings(home, 'chain', { routes });
}

export function writeSettings(home: string, name: string, settings: object): string {
  const file = join(home, `${name}.json`);
  writeFileSync(file, JSON.stringify(settings));
  return file;
}

/** A token that is good for the whole run. */
export function longToken(issuer: TestIssuer): string {
  return issuer.token({ claims: { exp: Math.floor(Date.now() / 1_000) + TOKEN_S } });
}
