import { applyDecorators, type CanActivate, type Type, UseGuards } from '@nestjs/common';
import { isPermission } from '../permissions/wildcard.ts';
import { declareAccess } from './access.ts';

const NOTHING = { permissions: [], roles: [] };

/** Anyone may call it, without a token. A token that comes nevertheless is not looked at. */
export const Public = () => declareAccess({ for: 'anyone', ...NOTHING });

/** Anyone with a valid access token may call it; for messages: those published for somebody. */
export const Authenticated = () => declareAccess({ for: 'bearer', ...NOTHING });

/**
 * Callers need a token that grants each of these permissions, by the rules of {@link implies}: `order:create`. A message
 * needs a principal who had them when it was published.
 */
export function RequiresPermissions(...permissions: [string, ...string[]]): ClassDecorator & MethodDecorator {
  for (const permission of permissions) {
    if (!isPermission(permission))
      throw new TypeError(`"${permission}" is not a permission; it looks like order:create.`);
  }
  return declareAccess({ for: 'bearer', permissions, roles: [] });
}

/** Callers need a token with each of these roles; a message, a principal who had them. */
export function RequiresRoles(...roles: [string, ...string[]]): ClassDecorator & MethodDecorator {
  return declareAccess({ for: 'bearer', permissions: [], roles });
}

/**
 * A message handler that takes messages published for nobody: timers, imports, what the platform says by itself. Whoever
 * may publish on the bus has the bus's own credentials. The handler cannot be called in any other way.
 */
export const FromBus = () => declareAccess({ for: 'bus', ...NOTHING });

/**
 * HTTP callers whom `guard` lets in: for an application that knows other proofs than access tokens, or whose permissions
 * depend on what is asked for. The guard is put before the handler by this declaration, so that it cannot be forgotten; it
 * hands what it verified to {@link VerifiedCalls}.
 */
export const GuardedBy = (guard: Type<CanActivate>): ClassDecorator & MethodDecorator =>
  applyDecorators(UseGuards(guard), declareAccess({ for: 'guard', ...NOTHING }));
