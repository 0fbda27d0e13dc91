// node deploy/docker/assemble.js <app> <folder>: copies what one app runs out of a built workspace: its output, the
// libraries that it imports, and the packages that these depend on, as package-lock.json has placed them. Nothing for
// development is among them, and no network is needed.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const [app, folder] = process.argv.slice(2);
const root = process.cwd();
const target = resolve(folder ?? '.');
const NOT_RUN = new Set(['src', 'node_modules', 'tsconfig.json', 'README.md']);

if (!app || !folder || !existsSync(join('apps', app, 'dist', 'main.js'))) {
  console.error(`There is no built app "${app}". Give its folder in apps/ as the build argument APP.`);
  process.exit(2);
}

const packages = new Set([join(root, 'apps', app)]);
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

for (const directory of packages) {
  const ours = !relative(root, directory).includes('node_modules');
  for (const entry of readdirSync(directory)) {
    if (ours ? NOT_RUN.has(entry) : entry === 'node_modules') continue;
    cpSync(join(directory, entry), inTarget(join(directory, entry)), { recursive: true, verbatimSymlinks: true });
  }
}
for (const [link, real] of links) {
  mkdirSync(dirname(inTarget(link)), { recursive: true });
  symlinkSync(relative(dirname(link), real), inTarget(link));
}
console.log(`${app}: ${packages.size} packages`);

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
