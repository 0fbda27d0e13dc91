import { join } from 'node:path';
import { generateFiles, type Tree } from '@nx/devkit';
import type { NewService } from './options.ts';
import type { ServiceNames } from './service-names.ts';

const INDEX = 'libs/contracts/src/index.ts';

interface Parts {
  grpc: boolean;
  messaging: boolean;
}

/** What libs/contracts exports for a service, and from which of its files. */
function contractExports(service: ServiceNames, { grpc, messaging }: Parts): Array<[file: string, exported: string[]]> {
  const { name, className, propertyName, Item, item, itemFile } = service;
  const found: Array<[string, string[]]> = [];
  if (messaging) found.push([`./${name}/${itemFile}-requested.ts`, [`type ${Item}Requested`, `${item}Requested`]]);
  if (grpc) {
    const types = [`${Item}Message`, `Get${Item}Request`, `List${className}Request`, `List${className}Response`];
    const exported = [...types, `${className}Service`].map((type) => `type ${type}`);
    found.push([`./${name}/${name}.ts`, [...exported, `${propertyName}Proto`]]);
  }
  return found;
}

/** Why the contract of a service has no room in libs/contracts; undefined where it has. */
export function contractProblem(tree: Tree, service: ServiceNames, parts: Parts): string | undefined {
  const wanted = contractExports(service, parts);
  if (wanted.length === 0) return undefined;
  const index = tree.read(INDEX, 'utf8');
  if (index === null) return `The contract of ${service.name} needs ${INDEX}, which does not exist.`;
  const folder = [`libs/contracts/src/${service.name}`, `libs/contracts/proto/${service.name}`].find((path) =>
    tree.exists(path),
  );
  if (folder) return `${JSON.stringify(service.name)} is taken: ${folder} exists already.`;
  const known = new Set(index.match(/\w+/g));
  const clash = wanted
    .flatMap(([, exported]) => exported.map((one) => one.replace('type ', '')))
    .find((one) => known.has(one));
  return clash && `${INDEX} exports ${clash} already: choose another name or --item for the service.`;
}

/** Writes the contract of a service into libs/contracts, where its callers find it. */
export function writeContracts(tree: Tree, service: NewService): void {
  const exports = contractExports(service, service);
  if (exports.length === 0) return;
  for (const part of ['grpc', 'messaging'] as const) {
    if (!service[part]) continue;
    generateFiles(tree, join(import.meta.dirname, `templates/contracts-${part}`), 'libs/contracts', { ...service });
  }
  const lines = exports.map(([file, exported]) => `export { ${exported.join(', ')} } from '${file}';\n`);
  tree.write(INDEX, `${tree.read(INDEX, 'utf8')}${lines.join('')}`);
}

/** The exports of libs/contracts that come from the files of a service. */
const exportsOf = (name: string): RegExp =>
  new RegExp(`export (?:type )?\\{([^}]*)\\} from '\\./${name}/[^']+';\\n`, 'g');

/** What libs/contracts exports of a service. */
export function contractNames(tree: Tree, name: string): string[] {
  const index = tree.read(INDEX, 'utf8') ?? '';
  return [...index.matchAll(exportsOf(name))].flatMap(([, names = '']) =>
    names
      .split(',')
      .map((one) => one.trim().replace(/^type /, ''))
      .filter(Boolean),
  );
}

/** Takes the contract of a service out of libs/contracts. */
export function removeContracts(tree: Tree, name: string): void {
  const index = tree.read(INDEX, 'utf8');
  if (index !== null) tree.write(INDEX, index.replace(exportsOf(name), ''));
  for (const folder of [`libs/contracts/src/${name}`, `libs/contracts/proto/${name}`]) {
    if (tree.exists(folder)) tree.delete(folder);
  }
}
