import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, factsOf } from '../testing/compile.ts';
import { parseSettings } from '../testing/parse-settings.ts';
import type { RouteSet } from './route-set.ts';

const table = (routes?: unknown) => compile({ routes });
const find = (routes: RouteSet, path: string) => {
  const match = routes.match(path, path.length, factsOf());
  return match && `${match.compiled.route.id} ${match.service}`;
};

describe('the default routes', () => {
  it.each([
    ['/api/catalog/films', 'services catalog'],
    ['/api/catalog', 'services catalog'],
    ['/api/catalog/', 'services catalog'],
    ['/docs', 'docs api-docs'],
    ['/docs/specs/orders.json', 'docs api-docs'],
    ['/api', undefined],
    ['/api/', undefined],
    ['/api//films', undefined],
    ['/api/Catalog/films', undefined],
    ['/api/a.b/films', undefined],
    ['/docsx', undefined],
    ['/openapi.json', undefined],
  ])('%s leads to %s', (path, expected) => {
    expect(find(table(), path)).toBe(expected);
  });
});

describe('routes as data', () => {
  const routes = table([
    { id: 'any', path: '/**', service: 'pages' },
    { id: 'film', path: '/films/{id}', service: 'catalog' },
    { id: 'new', path: '/films/new', service: 'editor' },
    { id: 'deep', path: '/films/{id}/cast/**', service: 'people' },
  ]);

  it.each([
    ['/films/new', 'new editor'],
    ['/films/7', 'film catalog'],
    ['/films/new/cast/2', 'deep people'],
    ['/films/7/cast', 'deep people'],
    ['/films/7/other', 'any pages'],
    ['/', 'any pages'],
  ])('%s leads to %s: literal before named, long before short', (path, expected) => {
    expect(find(routes, path)).toBe(expected);
  });

  it.each([
    [[{ id: 'a', path: 'films', service: 'catalog' }], 'routes.0.path'],
    [[{ id: 'a', path: '/**/films', service: 'catalog' }], 'routes.0.path'],
    [[{ id: 'a', path: '/films', service: '{name}' }], 'routes.0.service'],
    [[{ id: 'a', path: '/films', service: 'catalog', timeoutMs: 0 }], 'routes.0.timeoutMs'],
    [[{ id: 'a', path: '/films', service: 'catalog', speed: 9 }], 'routes.0'],
    [
      [
        { id: 'a', path: '/x/{one}', service: 'catalog' },
        { id: 'b', path: '/x/{two}', service: 'catalog' },
      ],
      'routes.1.path',
    ],
  ])('a wrong route is refused with its path', (wrong, path) => {
    expect(() => parseSettings({ routes: wrong })).toThrow(path);
  });

  it.each([
    ['/films/new;v=1', 'new editor'],
    ['/films;a=b/new', 'new editor'],
    ['/films;a/7/cast;b/2', 'deep people'],
    ['/films/;new', 'film catalog'],
  ])('%s leads to %s: parameters of a segment, which some instances cut off, hide nothing', (path, expected) => {
    expect(find(routes, path)).toBe(expected);
  });

  it('finds each of many routes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 50 }), (names) => {
        const many = table(names.map((name) => ({ id: name, path: `/v1/${name}/**`, service: name })));
        for (const name of names) expect(find(many, `/v1/${name}/x/y`)).toBe(`${name} ${name}`);
        expect(find(many, '/v2/none')).toBeUndefined();
      }),
    );
  });
});
