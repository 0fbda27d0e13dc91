import type { Tree } from '@nx/devkit';

/** Where the gateway keeps the routes that it has when no settings file names others. */
export const ROUTES_FILE = 'apps/gateway/src/routes/route.ts';

const TABLE = /(export const DEFAULT_ROUTES = \[\n)([\s\S]*?)(\] as const;)/;
const SHAPE = /^(?:\/[a-z0-9][a-z0-9-]*)+\/\*\*$/;
/** Paths that the gateway answers itself, and those of the generic route. */
const TAKEN = ['/api/**', '/health/**', '/metrics/**', '/openapi.json/**'];

/** What is wrong with a route of its own for a service, in one sentence; undefined for a good one. */
export function routeProblem(tree: Tree, route: string, name: string): string | undefined {
  const shown = JSON.stringify(route);
  if (!SHAPE.test(route)) {
    return `${shown} is not a route of its own: use lower-case segments and /** at the end, like /shop/**.`;
  }
  const table = TABLE.exec(tree.read(ROUTES_FILE, 'utf8') ?? '')?.[2];
  if (table === undefined) return `${shown} has no place: ${ROUTES_FILE} with its DEFAULT_ROUTES does not exist.`;
  const paths = [...table.matchAll(/path: '([^']+)'/g)].map(([, path = '']) => path);
  const clash = [...TAKEN, ...paths.filter((path) => !path.includes('{'))].find((path) => overlap(path, route));
  if (clash) return `${shown} is taken: the gateway has ${clash} already.`;
  return table.includes(`id: '${name}'`) ? `The gateway has a route with the id "${name}" already.` : undefined;
}

/** Whether one of two paths lies within the other. */
function overlap(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => path.replace(/\*\*$/, '').replace(/\/?$/, '/')) as [string, string];
  return a.startsWith(b) || b.startsWith(a);
}

/** Enters a route; the generic `/api/{service}/**` needs no entry. */
export function addRoute(tree: Tree, route: string, name: string): void {
  const line = `  { id: '${name}', path: '${route}', service: '${name}' },\n`;
  change(tree, (routes) => `${routes}${line}`);
}

/** Takes the routes of a service out. */
export function removeRoutes(tree: Tree, name: string): void {
  change(tree, (routes) => routes.replace(new RegExp(`^ {2}\\{[^{}]*service: '${name}',?\\s*\\},\\n`, 'gm'), ''));
}

function change(tree: Tree, edit: (routes: string) => string): void {
  const text = tree.read(ROUTES_FILE, 'utf8');
  if (text === null) return;
  const changed = text.replace(TABLE, (_all, head: string, routes: string, tail: string) => head + edit(routes) + tail);
  if (changed !== text) tree.write(ROUTES_FILE, changed);
}
