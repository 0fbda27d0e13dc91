import { describe, expect, it } from 'vitest';
import { beyond } from './may-grant.ts';

describe('what somebody may grant', () => {
  const clerk = { subject: 'ada', roles: ['clerk'], permissions: ['order:*', 'auth:account:*'] };

  it('is what they have themselves, or less', () => {
    expect(beyond(clerk, { roles: ['clerk'], permissions: ['order:create', 'auth:account:show'] })).toEqual([]);
    expect(beyond(clerk, { roles: [], permissions: [] })).toEqual([]);
  });

  it('is nothing beyond it', () => {
    const asked = { roles: ['admin'], permissions: ['*', 'order', 'film:update'] };
    expect(beyond(clerk, asked)).toEqual(['*', 'film:update', 'admin']);
  });

  it('is everything for who may do everything, every role with it', () => {
    const admin = { subject: 'root', roles: [], permissions: ['*'] };
    expect(beyond(admin, { roles: ['admin', 'clerk'], permissions: ['*', 'a:b'] })).toEqual([]);
  });
});
