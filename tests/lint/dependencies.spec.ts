import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const KINDS = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'] as const;

test('every package that a manifest names has its line in docs/dependencies.md, and no other has', () => {
  const manifests = globSync('{.,apps/*,libs/*,deploy/*,tests,tests/servers}/package.json', { cwd: ROOT });
  const named = manifests.flatMap((file) => {
    const manifest = JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as Partial<
      Record<(typeof KINDS)[number], Record<string, string>>
    >;
    return KINDS.flatMap((kind) => Object.keys(manifest[kind] ?? {}));
  });
  const ours = /^@rookery(-apps)?\//;
  const lines = readFileSync(join(ROOT, 'docs/dependencies.md'), 'utf8').matchAll(/^\| `([^`]+)`/gm);
  const used = [...new Set(named.filter((name) => !ours.test(name)))].sort();
  expect([...lines].map(([, name]) => name).sort()).toEqual(used);
});
