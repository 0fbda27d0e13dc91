import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiForbiddenResponse, ApiUnauthorizedResponse } from '@nestjs/swagger';
import { GuardedBy } from '@rookery/security';
import type { Request } from '../protocols/exchange.ts';
import { NamespaceGuard } from './namespace.guard.ts';
import { NEED, type Need } from './need.ts';
import type { Required } from './right.ts';

const inPath = ({ params }: Request): string[] => [params.namespace ?? ''];

export const inEnvironment = ({ params }: Request): string[] => [params.environment ?? ''];

/** Only grants for all namespaces cover it. */
export const EVERYWHERE: readonly string[] = ['*'];

/** A dry run is an edit. What is not surely one needs what the real one does. */
export const unlessDry =
  (right: Required) =>
  ({ query }: Request): Required =>
    query.dryRun === 'true' ? 'edit' : right;

/** Callers need a right in the namespaces of the request; in that of its path when not told otherwise. */
export const Needs = (
  right: Need['right'],
  namespaces: Need['namespaces'] = inPath,
): ClassDecorator & MethodDecorator =>
  applyDecorators(
    SetMetadata<string, Need>(NEED, { right, namespaces }),
    GuardedBy(NamespaceGuard),
    ApiBearerAuth(),
    ApiUnauthorizedResponse({ description: 'A token is missing, or is not (any longer) one.' }),
    ApiForbiddenResponse({ description: `A right is missing in the namespace: ${nameOf(right)}.` }),
  );

const nameOf = (right: Need['right']) => (typeof right === 'string' ? `config:${right}` : 'it depends on the request');
