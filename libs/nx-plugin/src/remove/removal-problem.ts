import { readJson, type Tree } from '@nx/devkit';
import { ROUTES_FILE } from '../gateway/routes.ts';
import { contractNames } from '../service/contracts.ts';

/** The platform itself: the gateway and the documentation centre are needed by people, the others by services. */
const PLATFORM = new Set(['api-docs', 'config-center', 'gateway', 'registry']);
const SOURCE = /\.[cm]?[jt]sx?$/;

/** Why a service cannot be taken out, in one sentence; undefined when nothing else uses it. */
export function removalProblem(tree: Tree, name: string): string | undefined {
  const shown = JSON.stringify(name);
  if (!/^[a-z0-9-]+$/.test(name ?? '') || !tree.exists(`apps/${name}/package.json`)) {
    return `There is no service ${shown} in apps/.`;
  }
  if (PLATFORM.has(name)) return `${shown} is a part of the platform, which does not run without it.`;
  const needing = tree
    .children('apps')
    .filter((app) => app !== name && tree.exists(`apps/${app}/package.json`))
    .find((app) => needsOf(tree, app).includes(name));
  if (needing) return `apps/${needing} needs ${shown}: take it out of "rookery.needs" first.`;
  const user = userOf(tree, name);
  return user && `${user} uses ${shown}: take that out first.`;
}

const needsOf = (tree: Tree, app: string): string[] =>
  readJson<{ rookery?: { needs?: string[] } }>(tree, `apps/${app}/package.json`).rookery?.needs ?? [];

/** A source file outside of the service that uses its contract or calls it; undefined when there is none. */
function userOf(tree: Tree, name: string): string | undefined {
  // Its route goes with it.
  const own = [`apps/${name}/`, `libs/contracts/src/${name}/`, ROUTES_FILE];
  const names = contractNames(tree, name);
  const uses = [
    ...(names.length > 0 ? [new RegExp(`\\b(${names.join('|')})\\b[^;]*from '@rookery/contracts'`)] : []),
    new RegExp(`from '\\.\\./${name}/`),
    new RegExp(`(HttpClient\\(|service: )'${name}'`),
  ];
  return filesBelow(tree, ['apps', 'libs', 'tests'])
    .filter((path) => SOURCE.test(path) && !own.some((folder) => path.startsWith(folder)))
    .find((path) => {
      const text = tree.read(path, 'utf8') ?? '';
      const [contract, inside, calls] = names.length > 0 ? uses : [undefined, ...uses];
      if (path.startsWith('libs/contracts/')) return inside?.test(text);
      return contract?.test(text) || (path.startsWith('apps/') && calls?.test(text));
    });
}

function filesBelow(tree: Tree, folders: string[]): string[] {
  return folders.flatMap((folder) =>
    tree
      .children(folder)
      .filter((child) => child !== 'node_modules' && child !== 'dist')
      .map((child) => `${folder}/${child}`)
      .flatMap((path) => (tree.isFile(path) ? [path] : filesBelow(tree, [path]))),
  );
}
