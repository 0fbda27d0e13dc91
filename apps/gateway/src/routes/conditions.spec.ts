import { describe, expect, it, vi } from 'vitest';
import { shareOf, subjectOf } from '../request/sticky-share.ts';
import { compile, factsOf } from '../testing/compile.ts';
import { parseSettings } from '../testing/parse-settings.ts';
import { CompiledRoute } from './compiled-route.ts';
import type { RequestFacts } from './request-facts.ts';
import type { RouteSet } from './route-set.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const find = (routes: RouteSet, path: string, facts: Partial<RequestFacts> = {}) =>
  routes.match(path, path.length, factsOf(facts))?.compiled.route.id;
const named = (values: Record<string, string>) => (name: string) => values[name];

describe('a condition of a route', () => {
  const takes = (when: object, facts: Partial<RequestFacts>) =>
    find(compile({ routes: [{ id: 'it', path: '/**', service: 'a', when }] }, { clock: () => NOW }), '/x', facts) ===
    'it';

  it.each<[string, object, Partial<RequestFacts>, boolean]>([
    ['host', { hosts: ['shop.example'] }, { hostName: 'shop.example' }, true],
    ['host, another', { hosts: ['shop.example'] }, { hostName: 'evil-shop.example' }, false],
    ['wildcard host', { hosts: ['*.shop.example'] }, { hostName: 'a.b.shop.example' }, true],
    ['wildcard host, bare', { hosts: ['*.shop.example'] }, { hostName: 'shop.example' }, false],
    ['method', { methods: ['POST'] }, { method: 'POST' }, true],
    ['method, another', { methods: ['POST'] }, { method: 'GET' }, false],
    ['header', { headers: { 'x-beta': '^yes$' } }, { header: named({ 'x-beta': 'yes' }) }, true],
    ['header as a whole', { headers: { 'x-beta': 'y.*' } }, { header: named({ 'x-beta': 'oh yes' }) }, false],
    ['header that is missing', { headers: { 'x-beta': '.*' } }, {}, false],
    ['query', { query: { v: '2' } }, { queryValue: named({ v: '2' }) }, true],
    ['query as a whole', { query: { v: '2' } }, { queryValue: named({ v: '12' }) }, false],
    ['cookie', { cookies: { lane: 'blue|green' } }, { cookie: named({ lane: 'green' }) }, true],
    ['address', { remoteAddresses: ['10.0.0.0/8', '::1'] }, { clientAddress: '10.9.8.7' }, true],
    ['address, another', { remoteAddresses: ['10.0.0.0/8'] }, { clientAddress: '11.0.0.1' }, false],
    ['after', { after: '2026-11-23T12:00:00Z' }, {}, true],
    ['after, too early', { after: '2026-11-23T12:00:01Z' }, {}, false],
    ['before, too late', { before: '2026-11-23T12:00:00Z' }, {}, false],
    ['between', { after: '2026-11-01T00:00:00+02:00', before: '2026-12-01T00:00:00Z' }, {}, true],
    ['lane', { lane: 'blue' }, { lane: 'blue' }, true],
    ['lane, another', { lane: 'blue' }, { lane: undefined }, false],
    ['all of several', { lane: 'blue', methods: ['GET'] }, { lane: 'blue', method: 'PUT' }, false],
  ])('%s: %o, %o is %s', (_name, when, facts, expected) => {
    expect(takes(when, facts)).toBe(expected);
  });

  it.each([
    [{ hosts: ['shop.example:80'] }, 'routes.0.when.hosts.0'],
    [{ headers: { 'x-a': '(?=x)' } }, 'routes.0.when.headers.x-a'],
    [{ headers: { 'x-a': '(a+)\\1' } }, 'routes.0.when.headers.x-a'],
    [{ headers: { 'X-A': 'a' } }, 'routes.0.when.headers'],
    [{ remoteAddresses: ['10.0.0.0/33'] }, 'routes.0.when.remoteAddresses.0'],
    [{ after: 'tomorrow' }, 'routes.0.when.after'],
    [{ after: '2026-11-02T00:00:00Z', before: '2026-11-01T00:00:00Z' }, 'routes.0.when.before'],
    [{ weight: { group: 'g', share: -1 } }, 'routes.0.when.weight.share'],
    [{ weight: { group: 'g', share: 1, sticky: { cookie: 'a', address: true } } }, 'routes.0.when.weight.sticky'],
    [{ moon: 'full' }, 'routes.0.when'],
  ])('%o is refused with its path', (when, path) => {
    const routes = [{ id: 'it', path: '/**', service: 'a', when }];
    expect(() => parseSettings({ routes })).toThrow(path);
  });

  it('a pattern takes time in proportion to the text, whatever it says', () => {
    const routes = compile({
      routes: [{ id: 'it', path: '/**', service: 'a', when: { headers: { x: '(a|a)*(a*)*b' } } }],
    });
    expect(find(routes, '/', { header: () => 'a'.repeat(16_000) })).toBeUndefined();
    expect(find(routes, '/', { header: () => `${'a'.repeat(16_000)}b` })).toBe('it');
  });
});

describe('several routes of one path', () => {
  const routes = compile({
    routes: [
      { id: 'rest', path: '/films/{id}', service: 'a' },
      { id: 'post', path: '/films/{film}', service: 'a', when: { methods: ['POST'] } },
      { id: 'post-blue', path: '/films/{id}', service: 'a', when: { methods: ['POST'], lane: 'blue' } },
      { id: 'urgent', path: '/films/{id}', service: 'a', priority: 5, when: { headers: { 'x-now': '1' } } },
      { id: 'deep', path: '/films/**', service: 'a' },
      { id: 'new', path: '/films/new', service: 'a', when: { methods: ['PUT'] } },
    ],
  });

  it.each<[Partial<RequestFacts>, string]>([
    [{}, 'rest'],
    [{ method: 'POST' }, 'post'],
    [{ method: 'POST', lane: 'blue' }, 'post-blue'],
    [{ method: 'POST', lane: 'blue', header: named({ 'x-now': '1' }) }, 'urgent'],
  ])('%o: by priority, then the one that wants more, the one without conditions last', (facts, id) => {
    expect(find(routes, '/films/7', facts)).toBe(id);
  });

  it('where none of a path takes the request, a less special path may', () => {
    expect(find(routes, '/films/new', { method: 'PUT' })).toBe('new');
    expect(find(routes, '/films/new')).toBe('rest');
    expect(find(routes, '/films/new/cast')).toBe('deep');
  });

  it('by host: exact and wildcard hosts are asked in the order of priority too', () => {
    const hosts = compile({
      routes: [
        { id: 'any', path: '/**', service: 'a' },
        { id: 'wild', path: '/**', service: 'a', priority: 1, when: { hosts: ['*.example'] } },
        { id: 'exact', path: '/**', service: 'a', when: { hosts: ['shop.example', 'www.shop.example'] } },
      ],
    });
    expect(find(hosts, '/', { hostName: 'shop.example' })).toBe('wild');
    expect(find(hosts, '/', { hostName: 'other.test' })).toBe('any');
  });
});

describe('a weight group', () => {
  const sticky = { cookie: 'session' };
  const routes = compile({
    routes: [
      { id: 'old', path: '/**', service: 'a', when: { weight: { group: 'g', share: 90, sticky } } },
      { id: 'new', path: '/**', service: 'a', when: { weight: { group: 'g', share: 10, sticky } } },
    ],
  });
  const countOf = (facts: (at: number) => Partial<RequestFacts>) => {
    const counts: Record<string, number> = {};
    for (let at = 0; at < 1_000; at++) {
      const id = find(routes, '/', facts(at)) ?? 'none';
      counts[id] = (counts[id] ?? 0) + 1;
    }
    return counts;
  };

  it('is shared out as its shares say, with one draw a request', () => {
    expect(countOf((at) => ({ share: () => at / 1_000 }))).toEqual({ old: 900, new: 100 });
  });

  it('keeps a client on its side, by a hash that shares out as well', () => {
    const { new: fresh = 0 } = countOf((at) => ({ share: () => shareOf('g', `client ${at}`) }));
    expect(fresh).toBeGreaterThan(70);
    expect(fresh).toBeLessThan(130);
    expect(shareOf('g', 'ada')).toBe(shareOf('g', 'ada'));
    expect(shareOf('g', 'ada')).not.toBe(shareOf('h', 'ada'));
  });

  it('a principal is its subject, whatever token says so', () => {
    const token = (claims: object) => `Bearer x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;
    expect(subjectOf(token({ sub: 'ada', iat: 1 }))).toBe('ada');
    expect(subjectOf(token({ sub: 'ada', iat: 2 }))).toBe('ada');
    expect(subjectOf('Bearer opaque')).toBe('opaque');
    expect(subjectOf('Basic eDp5')).toBeUndefined();
  });
});

describe('the cost of finding a route', () => {
  const workFor = (count: number, route: (at: number) => object, path: (at: number) => string, host?: string) => {
    const routes = compile({
      routes: Array.from({ length: count }, (_, at) => ({ id: `r${at}`, service: 'a', ...route(at) })),
    });
    const looks = vi.spyOn(CompiledRoute.prototype, 'matchFor');
    const lookUps = vi.spyOn(Map.prototype, 'get');
    const at = count - 1;
    const found = find(routes, path(at), host ? { hostName: host.replace('N', `${at}`) } : {});
    const work = looks.mock.calls.length + lookUps.mock.calls.length;
    vi.restoreAllMocks();
    expect(found).toBe(`r${at}`);
    return work;
  };

  it.each<[string, (at: number) => object, (at: number) => string, string?]>([
    ['by path', (at) => ({ path: `/v1/tenant-${at}/**` }), (at) => `/v1/tenant-${at}/films/7`],
    ['by path with names', (at) => ({ path: `/v1/{x}/tenant-${at}/{y}` }), (at) => `/v1/a/tenant-${at}/b`],
    ['by host', (at) => ({ path: '/**', when: { hosts: [`t${at}.example`] } }), () => '/films', 'tN.example'],
    [
      'by wildcard host',
      (at) => ({ path: '/**', when: { hosts: [`*.t${at}.example`] } }),
      () => '/films',
      'www.tN.example',
    ],
  ])('%s is the same for 10 and for 10,000 routes', (_name, route, path, host) => {
    const many = workFor(10_000, route, path, host);
    expect(many).toBe(workFor(10, route, path, host));
    expect(many).toBeLessThan(12);
  });
});
