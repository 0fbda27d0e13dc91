import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve, sep } from 'node:path';
import type { Call, FilterKind, Verdict } from '../filter.ts';

/** What a file may export by default: a whole kind of filter, or only what it does with a request. */
export type CustomFilter = FilterKind | ((call: Call) => Verdict | Promise<Verdict>);

const load = createRequire(import.meta.url);

/** Where custom filters lie: settings come over the network, and must not name any file there is. */
export const customFolder = (environment: Readonly<Record<string, string | undefined>> = process.env): string =>
  resolve(environment.GATEWAY_FILTERS || join(environment.ROOKERY_HOME || '.rookery', 'filters'));

/** The default export of a file in that folder. Throws a sentence that says what is wrong with it. */
export function loadFilter(file: string, folder: string): CustomFilter {
  const path = resolve(folder, file);
  if (!existsSync(path)) throw new Error(`there is no ${file} in ${folder}`);
  const inside = relative(realpathSync(folder), realpathSync(path));
  if (inside.startsWith(`..${sep}`) || inside === '..') throw new Error(`it lies outside of ${folder}`);
  const exported = imported(path);
  if (typeof exported === 'function') return exported as CustomFilter;
  if (isKind(exported)) return exported;
  throw new Error('its default export is neither a function nor a FilterKind { name, schema, create }');
}

/** Node reads TypeScript whose types can be taken out, and modules without await at their top, at once. */
function imported(path: string): unknown {
  try {
    return (load(path) as { default?: unknown }).default;
  } catch (error) {
    throw new Error(error instanceof Error ? (error.message.split('\n', 1)[0] ?? error.name) : String(error));
  }
}

const isKind = (value: unknown): value is FilterKind =>
  typeof value === 'object' &&
  value !== null &&
  'schema' in value &&
  'create' in value &&
  typeof value.create === 'function';
