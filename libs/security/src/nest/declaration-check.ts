import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { securityErrors } from '../errors.ts';
import { accessOf } from './access.ts';

/** What @nestjs/microservices lays on its handlers. */
const PATTERN_METADATA = 'microservices:pattern';

/** Names the handlers of controllers that have not declared who may call them, as `FilmsController.search`. */
export function undeclaredHandlers(controllers: Iterable<Type>): string[] {
  const scanner = new MetadataScanner();
  return [...new Set(controllers)].flatMap((controller) =>
    scanner
      .getAllMethodNames(controller.prototype)
      .filter((name) => {
        const method = controller.prototype[name] as () => unknown;
        const isHandler = Reflect.hasMetadata(PATH_METADATA, method) || Reflect.hasMetadata(PATTERN_METADATA, method);
        return isHandler && !accessOf(method, controller);
      })
      .map((name) => `${controller.name}.${name}`),
  );
}

/** Stops the start of an application with a handler that has declared nothing. */
@Injectable()
export class DeclarationCheck implements OnModuleInit {
  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  onModuleInit(): void {
    const controllers = [...this.modules.values()].flatMap((module) =>
      [...module.controllers.values()].flatMap(({ metatype }) => (metatype ? [metatype as Type] : [])),
    );
    const undeclared = undeclaredHandlers(controllers);
    if (undeclared.length > 0) throw securityErrors.undeclared(undeclared);
  }
}
