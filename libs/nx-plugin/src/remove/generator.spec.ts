import { readJson, type Tree, updateJson } from '@nx/devkit';
import { beforeEach, describe, expect, it } from 'vitest';
import manifestsGenerator from '../manifests/generator.ts';
import serviceGenerator from '../service/generator.ts';
import { workspaceTree } from '../testing/workspace.ts';
import removeGenerator from './generator.ts';

const KUSTOMIZATION = 'deploy/kubernetes/base/kustomization.yaml';
let tree: Tree;

beforeEach(() => {
  tree = workspaceTree();
});

/** Every file of the workspace with its text. */
function files(folder = '.'): Record<string, string> {
  return Object.fromEntries(
    tree.children(folder).flatMap((child) => {
      const path = folder === '.' ? child : `${folder}/${child}`;
      if (!tree.isFile(path)) return Object.entries(files(path));
      const text = tree.read(path, 'utf8') ?? '';
      return [[path, path.endsWith('.json') ? JSON.stringify(JSON.parse(text)) : text]];
    }),
  );
}

describe('nx g @rookery/nx:remove', () => {
  it('leaves the workspace as it was before the service', () => {
    const before = files();
    const parts = { grpc: true, messaging: true, database: true };
    serviceGenerator(tree, { name: 'order-notes', ...parts, route: '/shop/**' });
    expect(readJson(tree, 'package-lock.json').packages).toMatchObject({
      'apps/order-notes': { name: '@rookery-apps/order-notes', dependencies: { '@rookery/security': '0.1.0' } },
      'node_modules/@rookery-apps/order-notes': { resolved: 'apps/order-notes', link: true },
    });
    expect(Object.keys(files()).length).toBeGreaterThan(Object.keys(before).length + 15);
    expect(tree.read(KUSTOMIZATION, 'utf8')).toContain('  - apps/order-notes.yaml\n  - apps/orders.yaml\n');
    removeGenerator(tree, { name: 'order-notes' });
    expect(files()).toEqual(before);
  });

  it('leaves a service whose name begins the same', () => {
    serviceGenerator(tree, { name: 'order-notes', grpc: true, route: '/shop/**' });
    const before = files();
    serviceGenerator(tree, { name: 'order', item: 'piece', grpc: true });
    removeGenerator(tree, { name: 'order' });
    expect(files()).toEqual(before);
  });

  it.each<[string, string, string]>([
    [
      'uses its contract',
      'apps/orders/src/a.ts',
      "import { type ReviewsService, reviewsProto } from '@rookery/contracts';\n",
    ],
    ['calls it over HTTP', 'apps/orders/src/b.ts', "class Reviews extends HttpClient('reviews', {}) {}\n"],
    [
      'builds its contract on it',
      'libs/contracts/src/x/x.ts',
      "import type { ReviewMessage } from '../reviews/reviews.ts';\n",
    ],
    ['tests it', 'tests/e2e/r.spec.ts', "import { reviewsProto } from '@rookery/contracts';\n"],
  ])('refuses while another part %s, and says which', (_what, path, text) => {
    serviceGenerator(tree, { name: 'reviews', grpc: true });
    tree.write(path, text);
    const before = files();
    expect(() => removeGenerator(tree, { name: 'reviews' })).toThrow(`${path} uses "reviews": take that out first.`);
    expect(files()).toEqual(before);
  });

  it('refuses what is no service, what the platform needs and what an app needs', () => {
    expect(() => removeGenerator(tree, { name: 'nothing' })).toThrow('There is no service "nothing" in apps/.');
    expect(() => removeGenerator(tree, { name: '../libs/service' })).toThrow('There is no service');
    tree.write('apps/gateway/package.json', '{}');
    expect(() => removeGenerator(tree, { name: 'gateway' })).toThrow('part of the platform');
    serviceGenerator(tree, { name: 'reviews' });
    updateJson(tree, 'apps/orders/package.json', (manifest) => ({ ...manifest, rookery: { needs: ['reviews'] } }));
    expect(() => removeGenerator(tree, { name: 'reviews' })).toThrow('apps/orders needs "reviews"');
  });
});

describe('the Kubernetes manifests', () => {
  const manifests = () => tree.read('deploy/kubernetes/base/apps/reviews.yaml', 'utf8') ?? '';

  it('come with a new service: a Secret where it has a database, a gRPC port where it serves gRPC', () => {
    serviceGenerator(tree, { name: 'reviews', grpc: true, database: true });
    expect(manifests()).toMatch(/secretRef:\n {16}name: reviews\n/);
    expect(manifests().match(/name: grpc/g)).toHaveLength(2);
    expect(manifests()).toContain('serviceAccountName: rookery-service');
    removeGenerator(tree, { name: 'reviews' });
    serviceGenerator(tree, { name: 'reviews' });
    expect(manifests()).not.toMatch(/secretRef|grpc|<%/);
  });

  it('can be written anew for a service that exists', () => {
    serviceGenerator(tree, { name: 'reviews', grpc: true, messaging: true });
    const before = manifests();
    tree.delete('deploy/kubernetes/base/apps/reviews.yaml');
    manifestsGenerator(tree, { name: 'reviews' });
    expect(manifests()).toBe(before);
    manifestsGenerator(tree, { name: 'reviews', caller: true, internal: true });
    expect(manifests()).toContain('serviceAccountName: rookery-discovery');
    expect(manifests()).toContain('metadata.rookery.io/exposure: internal');
    expect(readJson(tree, 'apps/reviews/package.json').rookery.needs).toContain('postgres');
    expect(() => manifestsGenerator(tree, { name: 'nothing' })).toThrow('There is no service "nothing" in apps/.');
  });

  it('are left alone in a workspace that has none', () => {
    tree.delete('deploy');
    serviceGenerator(tree, { name: 'reviews' });
    expect(tree.exists('deploy')).toBe(false);
    removeGenerator(tree, { name: 'reviews' });
    expect(tree.exists('deploy')).toBe(false);
  });
});
