import 'reflect-metadata';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Controller, Get, Module } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { undeclaredHandlers } from '@rookery/security';
import { expect, test, vi } from 'vitest';

/** A whole app is loaded in each test. */
vi.setConfig({ testTimeout: 60_000 });

const ROOT = resolve(import.meta.dirname, '../..');
const apps = readdirSync(`${ROOT}/apps`).filter((name) => existsSync(`${ROOT}/apps/${name}/package.json`));

type Class = new (...parameters: never[]) => object;
type Imported = Class | { module: Class; imports?: Imported[]; controllers?: Class[] } | { forwardRef(): Imported };

/** The module that an app starts with: the one that stands beside its main.ts. */
async function rootModule(app: string): Promise<Class> {
  const [file, ...others] = globSync(`${ROOT}/apps/${app}/src/*.module.ts`);
  if (!file || others.length > 0) throw new Error(`apps/${app}/src has ${file ? 'several' : 'no'} *.module.ts`);
  const exported = Object.values((await import(pathToFileURL(file).href)) as Record<string, unknown>);
  const [module] = exported.filter((value) => typeof value === 'function' && value.name.endsWith('Module'));
  return module as Class;
}

/** Every module below, and every controller of them. */
async function contents(root: Imported) {
  const modules = new Set<string>();
  const controllers = new Set<Class>();
  const seen = new Set<unknown>();
  const visit = async (given: Imported | Promise<Imported>): Promise<void> => {
    const found = await given;
    if (seen.has(found)) return;
    seen.add(found);
    if ('forwardRef' in found) return visit(found.forwardRef());
    const type = 'module' in found ? found.module : found;
    const dynamic = 'module' in found ? found : { imports: [], controllers: [] };
    modules.add(type.name);
    const own = (key: string) => (Reflect.getMetadata(key, type) ?? []) as Class[];
    for (const controller of [...own('controllers'), ...(dynamic.controllers ?? [])]) controllers.add(controller);
    for (const one of [...own('imports'), ...(dynamic.imports ?? [])]) await visit(one);
  };
  await visit(root);
  return { modules, controllers };
}

test.each(apps)('every endpoint and message handler of %s declares who may call it', async (app) => {
  const { modules, controllers } = await contents(await rootModule(app));
  expect(undeclaredHandlers(controllers)).toEqual([]);
  if (controllers.size > 0) expect(modules).toContain('SecurityModule');
});

test('who answers before Nest, where no declaration holds, is known by name', () => {
  const raw = apps.filter((app) =>
    globSync(`${ROOT}/apps/${app}/src/**/*.ts`).some((file) => /\brawHandler\b/.test(readFileSync(file, 'utf8'))),
  );
  // The gateway forwards, oidc-provider checks its own callers, and the registry only tidies the URL.
  expect(raw).toEqual(['auth', 'gateway', 'registry']);
});

@Controller('forgotten')
class Forgotten {
  @Get()
  list() {}

  @EventPattern<string>('order.forgotten')
  heard(_order: unknown) {}
}

@Module({ controllers: [Forgotten] })
class DeepModule {}

@Module({ imports: [DeepModule] })
class ForgetfulModule {}

test('a forgotten handler is found, wherever its module is imported', async () => {
  const { modules, controllers } = await contents({ module: class Root {}, imports: [{ module: ForgetfulModule }] });
  expect(undeclaredHandlers(controllers)).toEqual(['Forgotten.list', 'Forgotten.heard']);
  expect(modules).not.toContain('SecurityModule');
});
