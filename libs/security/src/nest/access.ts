import type { Type } from '@nestjs/common';

/** What a handler, or all handlers of a controller, have declared. */
export interface Access {
  /**
   * `bearer`: who proves who they are; on the bus, whom the message was published for. `bus`: any message, no call.
   * `guard`: whom a guard of the application's own lets in, over HTTP.
   */
  for: 'anyone' | 'bearer' | 'bus' | 'guard';
  permissions: readonly string[];
  roles: readonly string[];
}

const ACCESS = 'rookery:access';

type Declared = Type | ((...parameters: never[]) => unknown);

/** Lays a declaration on a handler or a controller; several that need a token add up, others exclude each other. */
export function declareAccess(access: Access): ClassDecorator & MethodDecorator {
  return (target: object, property?: string | symbol, descriptor?: PropertyDescriptor) => {
    const declared = (descriptor?.value ?? target) as Declared;
    const before = Reflect.getOwnMetadata(ACCESS, declared) as Access | undefined;
    if (before && (before.for !== 'bearer' || access.for !== 'bearer'))
      throw new TypeError(
        `${String(property ?? declared.name)} declares its access twice: ${before.for} and ${access.for}.`,
      );
    const merged: Access = {
      for: access.for,
      permissions: [...(before?.permissions ?? []), ...access.permissions],
      roles: [...(before?.roles ?? []), ...access.roles],
    };
    Reflect.defineMetadata(ACCESS, merged, declared);
  };
}

/** What holds for a handler: its own declaration, else its controller's, else nothing. */
export function accessOf(handler: Declared, controller: Type): Access | undefined {
  return Reflect.getMetadata(ACCESS, handler) ?? Reflect.getMetadata(ACCESS, controller);
}
