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
        const patterns = Reflect.getMetadata(PATTERN_METADATA, method) as unknown[] | undefined;
        if (!patterns && !Reflect.hasMetadata(PATH_METADATA, method)) return false;
        const declared = accessOf(method, controller)?.for;
        // Whoever publishes is on the bus: nothing there is public, and the guard refuses it.
        if (declared === 'guard') return patterns !== undefined;
        return !declared || (declared === 'anyone' && patterns?.some((pattern) => !isGrpc(pattern)));
      })
      .map((name) => `${controller.name}.${name}`),
  );
}

const isGrpc = (pattern: unknown): boolean => typeof pattern === 'object' && pattern !== null && 'rpc' in pattern;

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
