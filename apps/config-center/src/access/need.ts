import type { Request } from '../protocols/exchange.ts';
import type { Domain } from './domain.ts';
import type { Required } from './right.ts';

export const NEED = 'config-center:need';

/** What a handler needs, and where: in what that the request is about. */
export interface Need {
  readonly right: Required | ((request: Request) => Required);
  domains(request: Request): readonly Domain[];
}
