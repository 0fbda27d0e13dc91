import type { Request } from '../protocols/exchange.ts';
import type { Domain } from './domain.ts';
import type { RequiredRight } from './right.ts';

export const NEED = 'config-center:need';

/** What a handler needs, and where: in what that the request is about. */
export interface Need {
  readonly right: RequiredRight | ((request: Request) => RequiredRight);
  domains(request: Request): readonly Domain[];
}
