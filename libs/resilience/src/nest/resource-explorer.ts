import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { Resources } from '../resource/resources.ts';
import { type DeclaredResource, declaredResource } from './resource.decorator.ts';

type Method = (...args: unknown[]) => unknown;

/** Makes resources of the methods of providers that `@Resource` names. */
@Injectable()
export class ResourceExplorer implements OnModuleInit {
  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(Resources) private readonly resources: Resources,
  ) {}

  onModuleInit(): void {
    const scanner = new MetadataScanner();
    const providers = [...this.modules.values()].flatMap((module) => [...module.providers.values()]);
    for (const { instance, isAlias } of providers) {
      if (typeof instance !== 'object' || instance === null || isAlias) continue;
      const prototype = Object.getPrototypeOf(instance) as Record<string, Method> | null;
      if (!prototype) continue;
      for (const key of scanner.getAllMethodNames(prototype)) {
        const method = prototype[key];
        const declared = method && declaredResource(method);
        if (declared) (instance as Record<string, Method>)[key] = guarded(this.resources, instance, method, declared);
      }
    }
  }
}

/** The method as a resource of its object. */
function guarded(resources: Resources, self: object, method: Method, { name, fallback }: DeclaredResource): Method {
  return async (...args) => {
    const call = () => resources.run(name, async () => method.apply(self, args), { parameters: args });
    if (fallback === undefined) return call();
    try {
      return await call();
    } catch (error) {
      const instead: unknown = Reflect.get(self, fallback);
      if (typeof instead !== 'function') throw error;
      return instead.call(self, ...args, error);
    }
  };
}
