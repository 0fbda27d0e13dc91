import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiForbiddenResponse, ApiUnauthorizedResponse } from '@nestjs/swagger';
import { GuardedBy } from '@rookery/security';
import type { Request } from '../protocols/exchange.ts';
import { type Domain, domainOf } from './domain.ts';
import { NamespaceGuard } from './namespace.guard.ts';
import { NEED, type Need } from './need.ts';
import type { RequiredRight } from './right.ts';

const inPath = ({ params: { namespace = '', service } }: Request): Domain[] => [
  service === undefined ? { environment: namespace } : domainOf({ namespace, service }),
];

export const inEnvironment = ({ params }: Request): Domain[] => [{ environment: params.environment ?? '' }];

/** Only grants for all environments cover it. */
export const EVERYWHERE: readonly Domain[] = [{ environment: '*' }];

/** A dry run is an edit. What is not surely one needs what the real one does. */
export const unlessDry =
  (right: RequiredRight) =>
  ({ query }: Request): RequiredRight =>
    query.dryRun === 'true' ? 'edit' : right;

/** Callers need a right in what the request is about: the key in its path when not told otherwise. */
export const Needs = (right: Need['right'], domains: Need['domains'] = inPath): ClassDecorator & MethodDecorator =>
  applyDecorators(
    SetMetadata<string, Need>(NEED, { right, domains }),
    GuardedBy(NamespaceGuard),
    ApiBearerAuth(),
    ApiUnauthorizedResponse({ description: 'A token is missing, or is not (any longer) one.' }),
    ApiForbiddenResponse({ description: `A right is missing there: ${nameOf(right)}.` }),
  );

const nameOf = (right: Need['right']) => (typeof right === 'string' ? `config:${right}` : 'it depends on the request');
