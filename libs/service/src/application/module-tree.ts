import type { DynamicModule, ForwardReference, Type } from '@nestjs/common';

type Import = Type | DynamicModule | Promise<DynamicModule> | ForwardReference;

/** Names of the module classes that an application imports, itself included, as far as they can be seen before it runs. */
export async function importedModules(root: Import): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  const seen = new Set<unknown>();
  const visit = async (given: Import): Promise<void> => {
    const found = await given;
    if (seen.has(found)) return;
    seen.add(found);
    if ('forwardRef' in found) return visit(found.forwardRef() as Import);
    const type = 'module' in found ? found.module : found;
    names.add(type.name);
    const own = (Reflect.getMetadata('imports', type) ?? []) as Import[];
    const added = 'module' in found ? ((found.imports ?? []) as Import[]) : [];
    for (const each of [...own, ...added]) await visit(each);
  };
  await visit(root);
  return names;
}
