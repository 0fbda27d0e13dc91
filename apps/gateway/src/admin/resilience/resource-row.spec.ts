import { describe, expect, it } from 'vitest';
import { joined, type SeenResource } from './resource-row.ts';

const seen = (facts: Partial<SeenResource>): SeenResource => ({
  resource: 'http:GET /films',
  seconds: 10,
  running: 1,
  passed: 0,
  refused: 0,
  shortCircuited: 0,
  shadowed: 0,
  succeeded: 0,
  failed: 0,
  timedOut: 0,
  slow: 0,
  meanMs: 0,
  p99Ms: null,
  circuits: {},
  changes: [],
  rules: [],
  refusals: [],
  ...facts,
});
const rule = { id: 'few', kind: 'flow', shadow: false, refused: 3 };
const refusal = { atMs: 5, decision: 'refused', rule: 'few', kind: 'flow', reason: 'too many', who: 'ada' };

describe('one resource of several instances', () => {
  const [row, ...others] = joined([
    {
      service: 'catalog',
      instance: 'a',
      resources: [
        seen({
          passed: 100,
          refused: 30,
          succeeded: 100,
          meanMs: 10,
          p99Ms: 20,
          rules: [rule],
          circuits: { slow: 'open' },
          changes: [{ atMs: 1, of: 'slow', state: 'open' }],
          refusals: [refusal],
        }),
      ],
    },
    {
      service: 'catalog',
      instance: 'b',
      resources: [
        seen({
          passed: 300,
          shortCircuited: 10,
          succeeded: 200,
          failed: 60,
          timedOut: 40,
          slow: 30,
          meanMs: 30,
          p99Ms: 90,
          rules: [{ ...rule, refused: 4 }],
          circuits: { slow: 'closed' },
          refusals: [{ ...refusal, atMs: 9, who: undefined }],
        }),
      ],
    },
    { service: 'orders', instance: 'c', resources: [seen({ circuits: { slow: 'closed' } })] },
  ]);

  it('is one row: rates are added, shares and means weighed, the slowest counts', () => {
    expect(row).toMatchObject({ service: 'catalog', instances: 2, running: 2, perSecond: 40, refusedPerSecond: 4 });
    expect(row).toMatchObject({ errorShare: 0.25, slowShare: 0.075, meanMs: 25, p99Ms: 90 });
    expect(others).toMatchObject([{ service: 'orders', perSecond: 0, errorShare: 0, p99Ms: null }]);
  });

  it('says which rule refused how often and whom, and where breakers are open', () => {
    expect(row?.rules).toEqual([{ ...rule, refused: 7 }]);
    expect(row?.refusals).toMatchObject([
      { atMs: 9, instance: 'b' },
      { who: 'ada', instance: 'a' },
    ]);
    expect(row?.circuits).toEqual([
      { of: 'slow', state: 'open', instances: 1 },
      { of: 'slow', state: 'closed', instances: 1 },
    ]);
    expect(row?.changes).toEqual([{ atMs: 1, of: 'slow', state: 'open', instance: 'a' }]);
  });
});
