import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type GeneratorCallback, installPackagesTask, readJson, type Tree, writeJson } from '@nx/devkit';

const LOCK = 'package-lock.json';

interface Manifest {
  name: string;
  version: string;
  license?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

interface Lock {
  packages: Record<string, unknown>;
}

const linkOf = (name: string): string => `node_modules/${name}`;

/**
 * Enters a project into package-lock.json as `npm install` does; answers what links it, once the files are written. A service
 * takes each package at the version that the workspace has, so npm has nothing to fetch or to decide; where it has, it is
 * npm that does it.
 */
export function enterIntoLock(tree: Tree, root: string): GeneratorCallback {
  const { name, version, license, dependencies, devDependencies } = readJson<Manifest>(tree, `${root}/package.json`);
  const lock = tree.exists(LOCK) ? readJson<Lock>(tree, LOCK) : undefined;
  const known = lock?.packages ?? {};
  const wanted = Object.keys({ ...dependencies, ...devDependencies });
  if (!lock || !wanted.every((one) => isOneForAll(one, Object.keys(known)))) {
    return () => installPackagesTask(tree, true);
  }
  const entries = {
    ...known,
    [root]: {
      name,
      version,
      license,
      ...(dependencies && { dependencies }),
      ...(devDependencies && { devDependencies }),
    },
    [linkOf(name)]: { resolved: root, link: true },
  };
  const sorted = Object.entries(entries).sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeJson(tree, LOCK, { ...lock, packages: Object.fromEntries(sorted) });
  return () => {
    const link = join(tree.root, linkOf(name));
    if (existsSync(link)) return;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(dirname(link), join(tree.root, root)), link, 'dir');
  };
}

/** Whether every project of the workspace has the package at the same version. */
const isOneForAll = (name: string, known: string[]): boolean =>
  known.includes(linkOf(name)) &&
  !known.some((path) => !path.startsWith('node_modules/') && path.endsWith(`/${linkOf(name)}`));

/** Takes a project out of package-lock.json; answers what removes its link, and what git does not see of its folder. */
export function takeOutOfLock(tree: Tree, root: string, name: string): GeneratorCallback {
  if (tree.exists(LOCK)) {
    const lock = readJson<Lock>(tree, LOCK);
    const { [root]: _folder, [linkOf(name)]: _link, ...packages } = lock.packages;
    writeJson(tree, LOCK, { ...lock, packages });
  }
  return () => {
    for (const path of [linkOf(name), root]) rmSync(join(tree.root, path), { recursive: true, force: true });
  };
}
