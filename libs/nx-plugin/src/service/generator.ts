import { join } from 'node:path';
import {
  type GeneratorCallback,
  generateFiles,
  installPackagesTask,
  type Tree,
  updateJson,
  writeJson,
} from '@nx/devkit';
import { format } from '../format.ts';
import { addManifests } from '../manifests/manifests.ts';
import { writeContracts } from './contracts.ts';
import { packageJsonOf, tsconfigOf } from './manifest.ts';
import { newService, type ServiceGeneratorOptions } from './options.ts';

/**
 * `nx g @rookery/nx:service reviews`: writes a service that lints, compiles, passes its specs, and that `npm start`,
 * the gateway and the documentation centre find by themselves. Throws one sentence, before anything is written,
 * when the name or the workspace does not allow it.
 */
export default function serviceGenerator(tree: Tree, options: ServiceGeneratorOptions): GeneratorCallback {
  const service = newService(tree, options);
  const { root, grpc, messaging, database } = service;
  writeJson(tree, `${root}/package.json`, packageJsonOf(tree, service));
  writeJson(tree, `${root}/tsconfig.json`, tsconfigOf(service));
  const parts = [
    'http',
    database ? 'database' : 'memory',
    ...(grpc ? ['grpc'] : []),
    ...(messaging ? ['messaging'] : []),
  ];
  for (const part of parts) generateFiles(tree, join(import.meta.dirname, 'templates', part), root, { ...service });
  writeContracts(tree, service);
  const { name, purpose } = service;
  const secret = database || messaging;
  addManifests(tree, { name, purpose, grpc, secret, caller: false, documented: true, internal: false });
  updateJson(tree, 'tsconfig.json', (tsconfig: { references: Array<{ path: string }> }) => ({
    ...tsconfig,
    references: [...tsconfig.references, { path: `./${root}` }].sort((a, b) => a.path.localeCompare(b.path)),
  }));

  const written = tree.listChanges().map(({ path }) => path);
  return () => {
    format(tree.root, written);
    installPackagesTask(tree, true);
  };
}
