import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GreyRule, matches } from './grey-rule.ts';

const caller = (instance?: string, labels: Record<string, string> = {}) => ({ instance, labels });

describe('the rule of a grey release', () => {
  it('takes instances by name, by all of the labels, or by percentage', () => {
    const rule = { instances: ['orders-1'], labels: { zone: 'a', canary: 'yes' }, percentage: 0 };
    expect(matches(rule, caller('orders-1'), 'k')).toBe(true);
    expect(matches(rule, caller('orders-2', { zone: 'a', canary: 'yes', more: '1' }), 'k')).toBe(true);
    expect(matches(rule, caller('orders-2', { zone: 'a' }), 'k')).toBe(false);
    expect(matches({ percentage: 100 }, caller('orders-2'), 'k')).toBe(true);
    expect(matches({ percentage: 100 }, caller(), 'k')).toBe(false);
  });

  it('takes about as many as its percentage says, others for another key, and keeps them when it grows', () => {
    const instances = Array.from({ length: 2_000 }, (_, index) => caller(`orders-${index}`));
    const taken = (percentage: number, salt = 'k') => instances.filter((each) => matches({ percentage }, each, salt));
    expect(taken(10).length).toBeGreaterThan(140);
    expect(taken(10).length).toBeLessThan(260);
    expect(taken(10, 'other')).not.toEqual(taken(10));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }), fc.string(), (a, b, instance) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        const in_ = (percentage: number) => matches({ percentage }, caller(instance), 'k');
        return !in_(less) || in_(more);
      }),
    );
  });

  it('must name somebody', () => {
    expect(GreyRule.safeParse({}).success).toBe(false);
    expect(GreyRule.safeParse({ labels: {} }).success).toBe(false);
    expect(GreyRule.safeParse({ instances: [] }).success).toBe(false);
  });
});
