import { readJson, type Tree } from '@nx/devkit';
import { addManifests } from './manifests.ts';

export interface ManifestsGeneratorOptions {
  name: string;
  caller?: boolean;
  internal?: boolean;
}

/** `nx g @rookery/nx:manifests orders`: the Kubernetes manifests of a service that exists, from what its files say of it. */
export default function manifestsGenerator(
  tree: Tree,
  { name, caller = false, internal = false }: ManifestsGeneratorOptions,
): void {
  const root = `apps/${name}`;
  if (!tree.exists(`${root}/package.json`)) throw new Error(`There is no service ${JSON.stringify(name)} in apps/.`);
  const { rookery } = readJson<{ rookery?: { purpose: string; needs: string[] } }>(tree, `${root}/package.json`);
  if (!rookery) throw new Error(`${root}/package.json has no "rookery" entry, so that the platform does not run it.`);
  const main = tree.read(`${root}/src/main.ts`, 'utf8') ?? '';
  addManifests(tree, {
    name,
    purpose: rookery.purpose,
    grpc: /\bgrpc: /.test(main),
    secret: rookery.needs.includes('postgres'),
    caller,
    documented: !main.includes("'openapi'"),
    internal,
  });
}
