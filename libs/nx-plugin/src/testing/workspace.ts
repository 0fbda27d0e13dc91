import type { Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';

const LIBRARIES = ['contracts', 'database', 'discovery', 'messaging', 'observability', 'rpc', 'security', 'service'];
const PACKAGES = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/microservices',
  '@nestjs/swagger',
  'kysely',
  'reflect-metadata',
  'rxjs',
  'zod',
];
const ROUTES = `export const DEFAULT_ROUTES = [
  { id: 'services', path: '/api/{service}/**', service: '{service}' },
  { id: 'docs', path: '/docs/**', service: 'api-docs' },
] as const;
`;
const STACK = `export const stack: Stack = {
  engines: [consul],
  apps: [
    { name: 'gateway', port: 8080, needs: ['consul'], published: { variable: 'GATEWAY_PORT' } },
    { name: 'orders', port: 3000, needs: ['consul', 'auth'] },
  ],
};
`;

/** A workspace with what a service depends on, one service, and the places that know of every service. */
export function workspaceTree(): Tree {
  const tree = createTreeWithEmptyWorkspace();
  const json = (path: string, data: unknown) => tree.write(path, JSON.stringify(data));
  const dependencies = Object.fromEntries(PACKAGES.map((name) => [name, '^1.2.3']));
  for (const library of LIBRARIES) {
    json(`libs/${library}/package.json`, { name: `@rookery/${library}`, version: '0.1.0', dependencies });
  }
  json('tests/servers/package.json', { name: '@rookery/servers', version: '0.1.0' });
  json('apps/orders/package.json', { name: '@rookery-apps/orders', rookery: { needs: ['registry'] } });
  json('tsconfig.json', { files: [], references: [{ path: './apps/orders' }, { path: './tests' }] });
  const links = [
    '@rookery-apps/orders',
    '@rookery/servers',
    ...LIBRARIES.map((name) => `@rookery/${name}`),
    ...PACKAGES,
  ];
  const packages = Object.fromEntries(links.sort().map((name) => [`node_modules/${name}`, {}]));
  json('package-lock.json', { lockfileVersion: 3, packages: { '': {}, 'apps/orders': {}, ...packages } });
  tree.write('libs/contracts/src/index.ts', "export { type Film, type Page } from './catalog/catalog.ts';\n");
  tree.write('apps/gateway/src/routes/route.ts', ROUTES);
  tree.write('deploy/stack/stack.ts', STACK);
  const kustomization = 'kind: Kustomization\n\nresources:\n  - apps/orders.yaml\n  - ingress.yaml\n';
  tree.write('deploy/kubernetes/base/kustomization.yaml', kustomization);
  return tree;
}
