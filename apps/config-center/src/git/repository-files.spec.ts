import { describe, expect, it } from 'vitest';
import { groupsOf } from './git-labels.ts';
import { namespaceFiles, writtenByFiles } from './repository-files.ts';
import { isSigned } from './webhook-signature.ts';

const namesIn = (paths: string[], search: string[]) =>
  namespaceFiles(
    paths.map((path) => ({ path, id: path })),
    search,
  ).map(({ path, name }) => [path, name]);

describe('files of a repository', () => {
  it('are namespaces by their names, in the folders that are searched', () => {
    const paths = [
      'orders.yml',
      'orders-prod.properties',
      'application.json',
      'README.md',
      'x/orders.yml',
      'a b.yml',
      '.git.yml',
    ];
    expect(namesIn(paths, [''])).toEqual([
      ['orders.yml', 'orders'],
      ['application.json', 'application'],
      ['orders-prod.properties', 'orders-prod'],
    ]);
    expect(namesIn(paths, ['x'])).toEqual([['x/orders.yml', 'orders']]);
    expect(namesIn(paths, ['x+', '../x', '.*'])).toEqual([]);
  });

  it('in a folder of an application are its own', () => {
    const paths = [
      'apps/orders/application.yml',
      'apps/orders/application-prod.yml',
      'apps/orders/orders-eu.yml',
      'apps/orders/cards.yml',
    ];
    expect(namesIn(paths, ['apps/{application}'])).toEqual([
      ['apps/orders/application.yml', 'orders'],
      ['apps/orders/application-prod.yml', 'orders-prod'],
      ['apps/orders/orders-eu.yml', 'orders-eu'],
    ]);
  });

  it('of one namespace lie over each other: later folders over earlier ones, .properties over .yml', () => {
    const texts: Record<string, string> = {
      'o.yml': 'a: 1\nb: 1\nc: 1',
      'o.properties': 'b=2',
      'x/o.yml': 'c: 3',
      'p.yml': 'd: 1 # x',
    };
    const files = namespaceFiles(
      Object.keys(texts).map((path) => ({ path, id: path })),
      ['', 'x'],
    );
    const written = writtenByFiles(files, (id) => texts[id] ?? '');
    expect(written.get('o')).toMatchObject({ settings: { a: 1, b: '2', c: 3 }, content: null });
    expect(written.get('p')).toMatchObject({ settings: { d: 1 }, content: 'd: 1 # x', format: 'yaml' });
    expect(() => writtenByFiles(files, () => 'a: [')).toThrow(/o\.yml|x\/o\.yml|p\.yml/);
  });
});

describe('labels of a repository', () => {
  it('are groups, HEAD the default one, a slash a colon', () => {
    const commits = new Map([
      ['main', '1'],
      ['release/1.0', '2'],
      ['v1', '3'],
      ['default', '4'],
      ['-x', '5'],
    ]);
    expect([...groupsOf({ head: 'main', commits }, ['release/*', 'v?', 'default', '-*'])]).toEqual([
      ['default', { name: 'main', commit: '1' }],
      ['release:1.0', { name: 'release/1.0', commit: '2' }],
    ]);
    expect([...groupsOf({ head: 'main', commits }, ['*']).keys()]).toEqual(['default', 'main', 'release:1.0', 'v1']);
    expect(groupsOf({ head: undefined, commits: new Map() }, ['*']).size).toBe(0);
  });
});

describe('a webhook', () => {
  // The example of GitHub's documentation.
  const secret = "It's a Secret to Everybody";
  const signature = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';

  it('is signed over its body as it came', () => {
    const body = Buffer.from('Hello, World!');
    expect(isSigned({ 'x-hub-signature-256': `sha256=${signature}` }, body, secret)).toBe(true);
    expect(isSigned({ 'x-gitea-signature': signature }, body, secret)).toBe(true);
    expect(isSigned({ 'x-hub-signature-256': `sha256=${signature}` }, Buffer.from('Hello, World'), secret)).toBe(false);
    expect(isSigned({ 'x-hub-signature-256': `sha256=${signature}` }, body, 'another secret')).toBe(false);
    for (const wrong of ['', 'sha256=', 'sha256=zz', signature.slice(2)]) {
      expect(isSigned({ 'x-hub-signature-256': wrong }, body, secret)).toBe(false);
    }
    expect(isSigned({}, body, secret)).toBe(false);
  });
});
