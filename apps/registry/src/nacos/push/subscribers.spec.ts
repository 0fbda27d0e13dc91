import { expect, it } from 'vitest';
import { DEFAULT_GROUP, PUBLIC } from '../nacos-name.ts';
import { Subscribers } from './subscribers.ts';

const wanted = (service: string, clusters = '') => ({
  name: { namespace: PUBLIC, group: DEFAULT_GROUP, service },
  clusters,
});
const ports = (subscribers: Subscribers, service: string) => subscribers.of(service).map(({ port }) => port);

it('keeps each subscriber once, until it has not asked for half a minute', () => {
  let nowMs = 0;
  const subscribers = new Subscribers(() => nowMs);
  subscribers.add('127.0.0.1', 1, wanted('films'));
  subscribers.add('127.0.0.1', 1, wanted('films'));
  subscribers.add('127.0.0.1', 2, wanted('films'));
  subscribers.add('127.0.0.1', 2, wanted('actors'));
  expect([subscribers.size, ports(subscribers, 'films')]).toEqual([3, [1, 2]]);
  nowMs = 20_000;
  subscribers.add('127.0.0.1', 2, wanted('films'));
  nowMs = 40_000;
  expect([ports(subscribers, 'films'), ports(subscribers, 'actors')]).toEqual([[2], []]);
  expect(subscribers.size).toBe(1);
});

it('takes no more than it has room for, and finds room where others have gone', () => {
  let nowMs = 0;
  const subscribers = new Subscribers(() => nowMs, 2);
  expect(['a', 'b', 'c'].map((service) => subscribers.add('127.0.0.1', 1, wanted(service)))).toEqual([
    true,
    true,
    false,
  ]);
  nowMs = 30_000;
  expect(subscribers.add('127.0.0.1', 1, wanted('c'))).toBe(true);
  expect([subscribers.size, ports(subscribers, 'c')]).toEqual([1, [1]]);
});
