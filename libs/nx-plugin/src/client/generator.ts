import { type GeneratorCallback, logger, names, readJson, type Tree, updateJson } from '@nx/devkit';
import { format } from '../format.ts';
import { enterIntoLock } from '../lock.ts';
import { letDiscover } from '../manifests/manifests.ts';
import { versionIn } from '../service/manifest.ts';
import { nameProblem } from '../service/service-names.ts';
import { grpcClient } from './grpc-client.ts';
import { httpClient } from './http-client.ts';
import { readDocument } from './openapi-document.ts';

export interface ClientGeneratorOptions {
  service: string;
  into: string;
  openapi?: string;
}

/** The source of a client, and what it imports. */
export interface ClientSource {
  text: string;
  packages: string[];
}

/**
 * `nx g @rookery/nx:client catalog --into reviews`: writes `apps/reviews/src/catalog/catalog-client.ts`, a typed client from
 * the service's .proto, or with `--openapi` from its OpenAPI document. Throws one sentence before anything is written.
 */
export default async function clientGenerator(
  tree: Tree,
  { service, into, openapi }: ClientGeneratorOptions,
): Promise<GeneratorCallback> {
  const problem = nameProblem(service) ?? nameProblem(into);
  if (problem) throw new Error(problem);
  const root = `apps/${into}`;
  if (!tree.exists(`${root}/package.json`)) throw new Error(`There is no service ${JSON.stringify(into)} in apps/.`);
  if (service === into) throw new Error(`${JSON.stringify(into)} needs no client of itself.`);
  const path = `${root}/src/${service}/${service}-client.ts`;
  if (tree.exists(path)) throw new Error(`${path} exists already.`);
  const { text, packages } =
    openapi === undefined ? grpcClient(tree, service) : httpClient(service, await readDocument(tree, openapi));

  const versions = Object.fromEntries(packages.map((name) => [name, versionIn(tree, name)]));
  tree.write(path, text);
  const manifest = readJson<{ dependencies?: Record<string, string> }>(tree, `${root}/package.json`);
  const dependencies = Object.entries({ ...versions, ...manifest.dependencies }).sort(([a], [b]) => (a < b ? -1 : 1));
  updateJson(tree, `${root}/package.json`, (json) => ({ ...json, dependencies: Object.fromEntries(dependencies) }));
  updateJson(tree, `${root}/tsconfig.json`, (tsconfig: { references?: Array<{ path: string }> }) => {
    const libraries = packages.filter((name) => name.startsWith('@rookery/')).map((name) => name.slice(9));
    const paths = new Set([
      ...(tsconfig.references ?? []).map((reference) => reference.path),
      ...libraries.map((library) => `../../libs/${library}`),
    ]);
    return { ...tsconfig, references: [...paths].sort().map((referenced) => ({ path: referenced })) };
  });
  letDiscover(tree, into);

  const written = tree.listChanges().map((change) => change.path);
  const link = enterIntoLock(tree, root);
  return async () => {
    format(tree.root, written);
    await link();
    const client = `${names(service).className}Client`;
    logger.info(`Import RpcModule.forFeature(${client}) into a module of ${into}, and inject ${client}.`);
  };
}
