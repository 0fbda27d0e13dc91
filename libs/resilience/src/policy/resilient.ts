import 'reflect-metadata';
import { type Policy, type PolicyOptions, policy } from './policy.ts';

export interface ResilientOptions extends Omit<PolicyOptions, 'name' | 'fallback'> {
  /** `Class.method` when not given. */
  name?: string;
  /** Name of a method of the same object that answers instead; it is given the same arguments and then the error. */
  fallback?: string;
}

type Method = (this: object, ...args: unknown[]) => unknown;

/**
 * Runs an asynchronous method through a {@link policy}. Each object has its own breaker, slots and budget, which go
 * with the object. The method reads its deadline from `currentRequest()`.
 */
export function Resilient(options: ResilientOptions = {}) {
  return <T extends (...args: never[]) => Promise<unknown>>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<T>,
  ): void => {
    const original = descriptor.value as Method | undefined;
    if (!original) throw new TypeError(`@Resilient stands on a method; ${String(key)} is none.`);
    const { fallback, ...rest } = options;
    const name = options.name ?? `${target.constructor.name}.${String(key)}`;
    const policies = new WeakMap<object, Policy>();
    const policyOf = (self: object): Policy => {
      let found = policies.get(self);
      if (!found) {
        found = policy({ ...rest, name });
        policies.set(self, found);
      }
      return found;
    };
    const wrapped: Method = async function (...args) {
      const run = policyOf(this);
      const work = async () => original.apply(this, args);
      if (fallback === undefined) return run(work);
      try {
        return await run(work);
      } catch (error) {
        const instead: unknown = Reflect.get(this, fallback);
        if (typeof instead !== 'function') throw error;
        return instead.call(this, ...args, error);
      }
    };
    Object.defineProperty(wrapped, 'name', { value: original.name });
    for (const metadata of Reflect.getMetadataKeys(original)) {
      Reflect.defineMetadata(metadata, Reflect.getMetadata(metadata, original), wrapped);
    }
    descriptor.value = wrapped as unknown as T;
  };
}
