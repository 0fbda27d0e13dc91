// Run by a spec in a process of its own: makes one npm package unresolvable, and says what each driver makes of that.
import { registerHooks } from 'node:module';

const [denied = '', ...urls] = process.argv.slice(2);

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier !== denied && !specifier.startsWith(`${denied}/`)) return nextResolve(specifier, context);
    const error = new Error(`Cannot find package '${denied}' imported from ${context.parentURL}`);
    throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
  },
});

const { createRegistry } = await import('../create-registry.ts');
const outcomes: Record<string, string> = {};
for (const url of urls) {
  try {
    await (await createRegistry(url)).close();
    outcomes[url] = 'opened';
  } catch (error) {
    outcomes[url] = error instanceof Error ? error.message : String(error);
  }
}
process.send?.(outcomes);
process.disconnect?.();
