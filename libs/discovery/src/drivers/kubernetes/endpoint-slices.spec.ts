import { describe, expect, it } from 'vitest';
import { type EndpointSlice, toInstances, toServices } from './endpoint-slices.ts';

const slice = (facts: Partial<EndpointSlice>, labels: Record<string, string> = {}): EndpointSlice => ({
  metadata: { name: 'x', labels: { 'kubernetes.io/service-name': 'orders', ...labels } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 3000 }],
  ...facts,
});
const pod = (name: string, address: string, conditions = {}) => ({
  addresses: [address],
  targetRef: { kind: 'Pod', name },
  conditions,
});

describe('reading EndpointSlices', () => {
  it('takes ready endpoints, also those of unknown readiness, and none that ends', () => {
    const endpoints = [
      pod('a', '10.0.0.1', { ready: true }),
      pod('b', '10.0.0.2', { ready: false }),
      pod('c', '10.0.0.3'),
      pod('d', '10.0.0.4', { ready: true, terminating: true }),
    ];
    expect(toInstances([slice({ endpoints })], 'orders').map(({ id }) => id)).toEqual(['a', 'c']);
  });

  it('joins the slices of a service, each pod once, IPv4 before IPv6', () => {
    const slices = [
      slice({ addressType: 'IPv6', endpoints: [pod('a', 'fd00::1')] }),
      slice({ endpoints: [pod('a', '10.0.0.1')] }),
      slice({ endpoints: [pod('b', '10.0.0.2')] }),
    ];
    expect(toInstances(slices, 'orders').map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  it('leaves out slices without a port named http, of another service, and of names instead of addresses', () => {
    const endpoints = [pod('a', '10.0.0.1')];
    const slices = [
      slice({ endpoints, ports: [{ name: 'postgres', port: 5432 }] }),
      slice({ endpoints, addressType: 'FQDN' }),
      slice({ endpoints: null, ports: null }),
      slice({ endpoints }, { 'kubernetes.io/service-name': 'films' }),
    ];
    expect(toInstances(slices, 'orders')).toEqual([]);
    expect(toServices(slices)).toEqual(['films']);
  });

  it('reads the gRPC port, the zone, and metadata from the labels of the Service', () => {
    const labels = { 'metadata.rookery.io/exposure': 'internal', 'path.rookery.io/openapi': 'openapi.json', tier: 'x' };
    const ports = [
      { name: 'grpc', port: 4000 },
      { name: 'http', port: 3000 },
    ];
    const endpoints = [{ ...pod('a', '10.0.0.1'), zone: 'eu-1b' }];
    expect(toInstances([slice({ ports, endpoints }, labels)], 'orders')).toEqual([
      {
        id: 'a',
        service: 'orders',
        address: '10.0.0.1',
        port: 3000,
        grpcPort: 4000,
        weight: 1,
        zone: 'eu-1b',
        metadata: { exposure: 'internal', openapi: '/openapi.json' },
      },
    ]);
  });
});
