import { join } from 'node:path';
import { type GeneratorCallback, generateFiles, type Tree, updateJson, writeJson } from '@nx/devkit';
import { format } from '../format.ts';
import { addRoute } from '../gateway/routes.ts';
import { enterIntoLock } from '../lock.ts';
import { addManifests } from '../manifests/manifests.ts';
import { addToStack, renderCompose } from '../stack/stack-app.ts';
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
  const { name, purpose, root, grpc, messaging, database, internal, route } = service;
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
  const secret = database || messaging;
  addManifests(tree, { name, purpose, grpc, secret, caller: false, documented: true, internal });
  addToStack(tree, service);
  if (route !== undefined) addRoute(tree, route, name);
  updateJson(tree, 'tsconfig.json', (tsconfig: { references: Array<{ path: string }> }) => ({
    ...tsconfig,
    references: [...tsconfig.references, { path: `./${root}` }].sort((a, b) => a.path.localeCompare(b.path)),
  }));

  const written = tree.listChanges().map(({ path }) => path);
  const link = enterIntoLock(tree, root);
  return () => {
    format(tree.root, written);
    renderCompose(tree.root);
    return link();
  };
}
