// Copies what runs out of a built workspace, with nothing for development among it and without a network:
//   node deploy/docker/assemble.js <folder>         the packages that the apps depend on, as package-lock.json has placed them:
//                                                   one layer that the images of all apps share
//   node deploy/docker/assemble.js <folder> <app>   what one app runs besides: its output, and that of its libraries
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const [folder, app] = process.argv.slice(2);
const root = process.cwd();
const target = resolve(folder ?? '.');
const NOT_RUN = new Set(['src', 'node_modules', 'tsconfig.json', 'README.md']);

if (!folder || (app !== undefined && !existsSync(join('apps', app, 'dist', 'main.js')))) {
  console.error(`There is no built app "${app}". Give its folder in apps/ as the build argument APP.`);
  process.exit(2);
}

const apps = app === undefined ? readdirSync('apps') : [app];
const packages = new Set(apps.map((name) => join(root, 'apps', name)));
const links = new Map();
for (const directory of packages) {
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const optionalPeers = manifest.peerDependenciesMeta ?? {};
  const peers = Object.keys(manifest.peerDependencies ?? {}).filter((name) => !optionalPeers[name]?.optional);
  const wanted = { ...manifest.dependencies, ...manifest.optionalDependencies };
  for (const name of [...Object.keys(wanted), ...peers]) {
    const found = locate(name, directory);
    if (!found) {
      if (manifest.dependencies?.[name] && !manifest.optionalDependencies?.[name]) {
        throw new Error(`${name}, which ${directory} depends on, is not installed.`);
      }
      continue;
    }
    const real = realpathSync(found);
    if (real !== found) links.set(found, real);
    packages.add(real);
  }
}

const isOurs = (directory) => !relative(root, directory).includes('node_modules');
const copied = [...packages].filter((directory) => isOurs(directory) === (app !== undefined));
for (const directory of copied) {
  for (const entry of readdirSync(directory)) {
    if (isOurs(directory) ? NOT_RUN.has(entry) : entry === 'node_modules') continue;
    cpSync(join(directory, entry), inTarget(join(directory, entry)), { recursive: true, verbatimSymlinks: true });
  }
}
for (const [link, real] of app === undefined ? [] : links) {
  mkdirSync(dirname(inTarget(link)), { recursive: true });
  symlinkSync(relative(dirname(link), real), inTarget(link));
}
console.log(`${app ?? 'all apps'}: ${copied.length} packages`);

/** The folder of a package as Node finds it from another one. */
function locate(name, from) {
  for (let at = from; at.startsWith(root); at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
  }
  return undefined;
}

function inTarget(path) {
  return join(target, relative(root, path));
}
