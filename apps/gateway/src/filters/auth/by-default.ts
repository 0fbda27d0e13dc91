import type { Route } from '../../routes/route.ts';
import type { FilterParts } from '../filter.ts';
import { AuthSettings } from './settings.ts';

/** Where the services of the platform answer. */
const API = '/api/';
const OPTIONAL = AuthSettings.parse({ name: 'auth', mode: 'optional' });

/** Where an issuer is configured, tokens are checked on the way to every service, also where no route says so. */
export const authByDefault = (
  { path }: Pick<Route, 'path'>,
  { environment }: Pick<FilterParts, 'environment'>,
): AuthSettings[] => (environment.AUTH_ISSUER_URL && path.startsWith(API) ? [OPTIONAL] : []);
