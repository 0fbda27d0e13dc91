import 'reflect-metadata';

const RESOURCE = Symbol('rookery.resource');

export interface ResourceOptions {
  /** Name of a method of the same object that answers where a rule refuses or the call fails; it is given the same arguments and then the error. */
  fallback?: string;
}

/** What a method declares of itself. */
export interface DeclaredResource extends ResourceOptions {
  readonly name: string;
}

/**
 * Names the resource that a method is. On a handler of a controller it takes the place of the automatic name; a method of
 * a provider becomes a resource by it, whose rules see its arguments by their place.
 */
export function ResourceName(name: string, options: ResourceOptions = {}): MethodDecorator {
  return (_target, key, descriptor) => {
    const method: unknown = descriptor.value;
    if (typeof method !== 'function') throw new TypeError(`@Resource stands on a method; ${String(key)} is none.`);
    Reflect.defineMetadata(RESOURCE, { name, ...options } satisfies DeclaredResource, method);
  };
}

/** What a method declared with `@Resource`. */
export const declaredResource = (method: object): DeclaredResource | undefined =>
  Reflect.getMetadata(RESOURCE, method) as DeclaredResource | undefined;
