import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FixtureWorkspace, fixtureWorkspace } from '../testing/fixture-workspace.ts';
import { build, withoutNoise } from './build.ts';
import { affectedApps, withDependencies } from './dependencies.ts';
import { BuildStamps } from './fingerprint.ts';
import { appsOf, readProjects } from './projects.ts';

let workspace: FixtureWorkspace;
beforeEach(() => {
  workspace = fixtureWorkspace(join(import.meta.dirname, '../../../../node_modules'));
});
afterEach(() => workspace.remove());

describe('a workspace', () => {
  test('has the apps that say what they are for', () => {
    mkdirSync(join(workspace.root, 'apps', 'draft'));
    expect(appsOf(readProjects(workspace.root)).map(({ name }) => name)).toEqual(['front', 'registry', 'store']);
  });

  test.each([
    ['{', 'not valid JSON'],
    ['{"rookery":{"port":"80"}}', 'rookery.port'],
    ['{"rookery":{"needs":"all"}}', 'rookery.needs'],
  ])('package.json %o is named in one sentence', (text, sentence) => {
    writeFileSync(join(workspace.root, 'apps', 'front', 'package.json'), text);
    expect(() => readProjects(workspace.root)).toThrow(sentence);
  });

  test('a change touches the apps that import it, transitively', () => {
    const projects = readProjects(workspace.root);
    expect(affectedApps(new Set(['@fixture/shared']), projects)).toEqual(['front']);
    expect(affectedApps(new Set(['@fixture/store']), projects)).toEqual(['store']);
    const front = projects.filter(({ name }) => name === 'front');
    expect(withDependencies(front, projects).map(({ name }) => name)).toEqual(['shared', 'front']);
  });

  test('is built once; then only what changed, was touched, or has lost its output', async () => {
    const { root } = workspace;
    const projects = readProjects(root);
    const steps: string[] = [];
    const again = () => build({ root, projects, onStep: (text) => steps.push(text) });
    await again();
    await again();
    expect(steps).toHaveLength(1);
    utimesSync(workspace.source('front'), 1, 1);
    rmSync(join(root, 'apps', 'store', 'dist', 'main.js'));
    expect(new BuildStamps(root).stale(projects).map(({ name }) => name)).toEqual(['front', 'store']);
    await again();
    expect(steps[1]).toBe('building front, store');
    expect(new BuildStamps(root).stale(projects)).toEqual([]);
  });

  test('a source that cannot be built is named', async () => {
    writeFileSync(workspace.source('front'), 'const = ;');
    const { root } = workspace;
    await expect(build({ root, projects: readProjects(root), onStep: () => {} })).rejects.toThrow(
      /The build failed\.\napps\/front\/src\/main\.ts/,
    );
  });

  test('of a failed build, what the compiler said is shown', () => {
    const text =
      '\n> nx run @rookery/x:build\n\n> swc src --out-dir dist\n\nerror: Expression expected\n  at main.ts:3\n\n NX   Running target build failed\n';
    expect(withoutNoise(text)).toBe('error: Expression expected\n  at main.ts:3');
  });
});
