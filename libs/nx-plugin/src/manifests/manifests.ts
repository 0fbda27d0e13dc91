import { join } from 'node:path';
import { generateFiles, type Tree } from '@nx/devkit';

const BASE = 'deploy/kubernetes/base';
const KUSTOMIZATION = `${BASE}/kustomization.yaml`;

/** What decides the manifests of a service. */
export interface Deployable {
  name: string;
  purpose: string;
  /** Has a gRPC port. */
  grpc: boolean;
  /** Needs a Secret of its name: database, message bus. */
  secret: boolean;
  /** Looks other services up, and may therefore read EndpointSlices. */
  caller: boolean;
  /** Has /openapi.json. */
  documented: boolean;
  /** No gateway leads there. */
  internal: boolean;
}

/** Enters a service into the Kustomize base; changes nothing in a workspace without one. */
export function addManifests(tree: Tree, service: Deployable): void {
  const base = tree.read(KUSTOMIZATION, 'utf8');
  if (base === null) return;
  generateFiles(tree, join(import.meta.dirname, 'templates'), `${BASE}/apps`, { ...service });
  tree.write(KUSTOMIZATION, withEntries(base, [...entriesOf(base), entryOf(service.name)]));
}

/** Takes a service out of the Kustomize base. */
export function removeManifests(tree: Tree, name: string): void {
  const base = tree.read(KUSTOMIZATION, 'utf8');
  if (base === null) return;
  tree.delete(`${BASE}/apps/${name}.yaml`);
  const entries = entriesOf(base).filter((entry) => entry !== entryOf(name));
  tree.write(KUSTOMIZATION, withEntries(base, entries));
}

/** Lets a service read EndpointSlices, because it calls others from now on. */
export function letDiscover(tree: Tree, name: string): void {
  const path = `${BASE}/apps/${name}.yaml`;
  const manifests = tree.read(path, 'utf8');
  if (manifests === null || manifests.includes('rookery.io/discovery')) return;
  const changed = manifests
    .replace('serviceAccountName: rookery-service', 'serviceAccountName: rookery-discovery')
    .replace(/\n {4}spec:\n {6}serviceAccountName/, '\n        rookery.io/discovery: "true"$&');
  tree.write(path, changed);
}

const ENTRY = /^ {2}- apps\/[a-z0-9-]+\.yaml\n/gm;
const entryOf = (name: string): string => `  - apps/${name}.yaml\n`;
const entriesOf = (kustomization: string): string[] => kustomization.match(ENTRY) ?? [];

function withEntries(kustomization: string, entries: string[]): string {
  const sorted = [...new Set(entries)].sort().join('');
  return kustomization.replace(ENTRY, '').replace(/^resources:\n/m, (line) => `${line}${sorted}`);
}
