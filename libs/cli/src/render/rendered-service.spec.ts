import type { Instance } from '@rookery/discovery';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepalivedServers } from './keepalived.ts';
import { nginxUpstreams } from './nginx.ts';
import { wholeWeights } from './rendered-service.ts';

const anInstance = (id: string, facts: Partial<Instance> = {}): Instance => ({
  id,
  service: 'catalog',
  address: '10.0.0.1',
  port: 3_000,
  weight: 1,
  metadata: {},
  ...facts,
});
const nginx = (...instances: Instance[]) => nginxUpstreams([{ name: 'catalog', instances }], { keepalive: 8 });
const keepalived = (...instances: Instance[]) =>
  keepalivedServers([{ name: 'catalog', instances }], {
    virtual: [{ service: 'catalog', address: '10.0.0.100', port: 80 }],
    kind: 'NAT',
    scheduler: 'wlc',
    path: '/health/ready',
  });

it('weights become whole numbers that keep their order, and 0 stays 0', () => {
  const anyWeight = fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 5_000 }),
    fc.double({ min: 0.01, max: 9, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(anyWeight, { maxLength: 10 }), (weights) => {
      const whole = wholeWeights(weights.map((weight, at) => anInstance(`${at}`, { weight })));
      for (const [at, weight] of weights.entries()) {
        const mine = whole[at] ?? Number.NaN;
        expect(Number.isInteger(mine) && mine >= 0 && mine <= 100).toBe(true);
        expect(mine === 0).toBe(weight === 0);
        for (const [other, otherWeight] of weights.entries())
          if (weight > otherWeight) expect(mine).toBeGreaterThanOrEqual(whole[other] ?? 0);
      }
    }),
  );
});

it.each([
  ['nginx', nginx],
  ['keepalived', keepalived],
])('the same instances in another order are no news (%s)', (_, render) => {
  const [a, b, c] = ['a', 'b', 'c'].map((id, at) => anInstance(id, { port: 3_000 + at })) as [
    Instance,
    Instance,
    Instance,
  ];
  expect(render(c, a, b)).toBe(render(a, b, c));
});

it.each([
  ['nginx', nginx],
  ['keepalived', keepalived],
])('what no address can be never reaches the configuration (%s)', (_, render) => {
  const hostile = ['10.0.0.1; } evil {', '10.0.0.1\n}', '', '{', '$(reboot)', 'a b'].map((address, at) =>
    anInstance(`bad-${at}`, { address }),
  );
  expect(render(...hostile, anInstance('good'))).toBe(render(anInstance('good')));
  expect(nginxUpstreams([{ name: 'x; }', instances: [anInstance('a')] }], { keepalive: 1 })).not.toContain('x;');
});

describe('nginx', () => {
  it('gets groups with their weights, and gRPC ports in groups of their own', () => {
    const text = nginx(
      anInstance('a', { grpcPort: 4_000, weight: 3 }),
      anInstance('b', { address: '::1', weight: 0 }),
      anInstance('c', { address: 'films.internal' }),
    );
    expect(text).toContain('upstream catalog {\n  zone catalog 128k;\n  server 10.0.0.1:3000 weight=3;\n');
    expect(text).toContain('  server [::1]:3000 down;\n');
    expect(text).toContain('  server films.internal:3000;\n  keepalive 8;\n}\n');
    expect(text).toContain(
      'upstream catalog-grpc {\n  zone catalog-grpc 128k;\n  server 10.0.0.1:4000 weight=3;\n  keepalive 8;\n}\n',
    );
  });

  it('gets a group also of a service that nobody runs', () => {
    expect(nginx()).toContain('upstream catalog {\n  zone catalog 128k;\n  server 127.0.0.1:9 down;\n');
  });
});

describe('keepalived', () => {
  it('gets virtual servers whose instances it checks; names are left out', () => {
    const text = keepalived(anInstance('a', { weight: 2 }), anInstance('b', { address: 'films.internal' }));
    expect(text).toContain('virtual_server 10.0.0.100 80 {\n  delay_loop 2\n  lb_algo wlc\n  lb_kind NAT\n');
    expect(text).toContain('  real_server 10.0.0.1 3000 {\n    weight 2\n    HTTP_GET {\n');
    expect(text).not.toContain('films.internal');
    expect(keepalived()).toContain('# catalog has no instance');
  });
});

it('nothing that a server refuses is written: ports, weights and a place that comes twice', () => {
  const odd = [
    ...[0, -1, 65_536, 1.5, Number.NaN].map((port) => ({ port })),
    ...[Number.NaN, -1, Number.POSITIVE_INFINITY].map((weight) => ({ weight })),
    { id: 'z' },
  ].map((facts, at) => anInstance(`odd-${at}`, facts));
  for (const render of [nginx, keepalived]) expect(render(anInstance('a'), ...odd)).toBe(render(anInstance('a')));
  expect(nginx(anInstance('a', { grpcPort: 70_000 }))).not.toContain('grpc');
  expect(wholeWeights([anInstance('a', { weight: 1e308 }), anInstance('b', { weight: 1e300 })])).toEqual([100, 1]);
});
