// node deploy/docker/assemble.js <app> <folder>: copies what one app runs from a built workspace into the folder: the
// output of the app and of every library that it imports, their package.json and the packages installed for them.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [app, target] = process.argv.slice(2);
const NOT_RUN = new Set(['src', 'node_modules', 'tsconfig.json', 'README.md']);
const manifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

if (!app || !target || !existsSync(join('apps', app, 'dist', 'main.js'))) {
  console.error(`There is no built app "${app}". Give its folder in apps/ as the build argument APP.`);
  process.exit(2);
}

const libraries = new Map(readdirSync('libs').map((name) => [manifest(join('libs', name)).name, join('libs', name)]));
const folders = new Set([join('apps', app)]);
for (const folder of folders) {
  for (const name of Object.keys(manifest(folder).dependencies ?? {})) {
    const library = libraries.get(name);
    if (library) folders.add(library);
  }
}

for (const folder of folders) {
  for (const entry of readdirSync(folder)) {
    if (!NOT_RUN.has(entry)) cpSync(join(folder, entry), join(target, folder, entry), { recursive: true });
  }
}
// npm knows the tree from these; the workspaces that are not copied are left out of the install by name.
for (const kind of ['apps', 'libs']) {
  for (const name of readdirSync(kind)) {
    const file = join(kind, name, 'package.json');
    if (!existsSync(file)) continue;
    mkdirSync(join(target, kind, name), { recursive: true });
    cpSync(file, join(target, file));
  }
}
