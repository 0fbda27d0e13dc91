import { describe, expect, it } from 'vitest';
import { toInstances } from './srv-instances.ts';

const srv = (name: string, port: number, { priority = 0, weight = 0 } = {}) => ({ name, port, priority, weight });
const addresses = new Map([
  ['a.internal', '10.0.0.1'],
  ['b.internal', '10.0.0.2'],
]);

describe('reading SRV records', () => {
  it('takes those of the lowest priority, and of targets with an address', () => {
    const http = [
      srv('a.internal', 80, { priority: 1 }),
      srv('b.internal', 80, { priority: 2 }),
      srv('lost.internal', 80, { priority: 1 }),
    ];
    expect(toInstances('a', http, [], addresses).map(({ address }) => address)).toEqual(['10.0.0.1']);
    expect(toInstances('a', [], [], addresses)).toEqual([]);
  });

  it('weighs them as they say, and equally where none says', () => {
    const weighed = [srv('a.internal', 80, { weight: 3 }), srv('b.internal', 80, { weight: 0 })];
    expect(toInstances('a', weighed, [], addresses).map(({ weight }) => weight)).toEqual([3, 0]);
    expect(toInstances('a', [srv('a.internal', 80)], [], addresses)[0]?.weight).toBe(1);
  });

  it('gives the gRPC port to the instance of the same target, unless that has several', () => {
    const grpc = [srv('a.internal', 4000)];
    expect(toInstances('a', [srv('a.internal', 80)], grpc, addresses)).toMatchObject([{ port: 80, grpcPort: 4000 }]);
    const twins = toInstances('a', [srv('a.internal', 80), srv('a.internal', 81)], grpc, addresses);
    expect(twins.map(({ grpcPort }) => grpcPort)).toEqual([undefined, undefined]);
  });
});
