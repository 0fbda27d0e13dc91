import { readJson, type Tree } from '@nx/devkit';
import type { NewService } from './options.ts';

interface Manifest {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** Packages of the workspace that only its specs use, and their folders. */
function specLibraries(service: NewService): Array<readonly [name: string, folder: string]> {
  const { grpc, messaging, database, libraries } = service;
  return [
    ...(grpc && !libraries.includes('discovery') ? [['@rookery/discovery', 'libs/discovery'] as const] : []),
    ...(grpc ? [['@rookery/rpc', 'libs/rpc'] as const] : []),
    ...(database || messaging ? ([['@rookery/servers', 'tests/servers']] as const) : []),
  ];
}

/** The package.json of a new service: each dependency at the version that the workspace has already. */
export function packageJsonOf(tree: Tree, service: NewService): Record<string, unknown> {
  const { packageName, purpose, grpc, messaging, database, libraries } = service;
  const workspace = manifests(tree);
  const outside = [
    '@nestjs/common',
    '@nestjs/core',
    ...(grpc || messaging ? ['@nestjs/microservices'] : []),
    '@nestjs/swagger',
    ...(database ? ['kysely'] : []),
    'reflect-metadata',
    'rxjs',
    'zod',
  ];
  const forSpecs = specLibraries(service);
  const inside = libraries.map((library) => `@rookery/${library}`);
  const versioned = (packages: string[]) =>
    Object.fromEntries(packages.sort().map((name) => [name, versionOf(name, workspace)]));
  return {
    name: packageName,
    version: '0.1.0',
    description: purpose,
    license: 'Apache-2.0',
    private: true,
    type: 'module',
    rookery: { purpose, needs: ['registry', ...(database || messaging ? ['postgres'] : []), 'auth'] },
    dependencies: versioned([...outside, ...inside]),
    ...(forSpecs.length > 0 && { devDependencies: versioned(forSpecs.map(([name]) => name)) }),
  };
}

/** The tsconfig.json of a new service. */
export function tsconfigOf(service: NewService): Record<string, unknown> {
  return {
    extends: '../../tsconfig.base.json',
    compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/tsconfig.tsbuildinfo' },
    include: ['src/**/*.ts'],
    references: [
      ...service.libraries.map((library) => ({ path: `../../libs/${library}` })),
      ...specLibraries(service).map(([, folder]) => ({ path: `../../${folder}` })),
    ],
  };
}

function manifests(tree: Tree): Manifest[] {
  return ['libs', 'apps', 'tests']
    .flatMap((folder) => [folder, ...tree.children(folder).map((child) => `${folder}/${child}`)])
    .map((folder) => `${folder}/package.json`)
    .filter((file) => tree.exists(file))
    .map((file) => readJson<Manifest>(tree, file));
}

/** The version at which the workspace has or uses a package. */
export const versionIn = (tree: Tree, name: string): string => versionOf(name, manifests(tree));

function versionOf(name: string, workspace: Manifest[]): string {
  const own = workspace.find((manifest) => manifest.name === name)?.version;
  const used = workspace.map(({ dependencies, devDependencies }) => dependencies?.[name] ?? devDependencies?.[name]);
  const version = own ?? used.find((range) => range !== undefined);
  if (version === undefined)
    throw new Error(`No project of this workspace has or uses ${name}, which the service needs.`);
  return version;
}
