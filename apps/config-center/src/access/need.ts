import type { Request } from '../protocols/exchange.ts';
import type { Required } from './right.ts';

export const NEED = 'config-center:need';

/** What a handler needs, and in which namespaces: those that the request is about. */
export interface Need {
  readonly right: Required | ((request: Request) => Required);
  namespaces(request: Request): readonly string[];
}
