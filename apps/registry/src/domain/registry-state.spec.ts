import { beforeEach, describe, expect, it } from 'vitest';
import { RegistryState } from './registry-state.ts';
import type { CheckRegistration, ServiceRegistration } from './service-record.ts';
import { SERVICES, serviceTopic } from './service-store.ts';

let nowMs: number;
let state: RegistryState;
const now = () => nowMs;
const pass = (ms: number, of = state) => {
  nowMs += ms;
  of.expire();
};
const ttl: CheckRegistration = { ttlMs: 10_000, status: 'passing', deregisterAfterMs: 60_000 };
const web = (facts: Partial<ServiceRegistration> = {}): ServiceRegistration => ({
  id: 'web-1',
  name: 'web',
  tags: [],
  address: '10.0.0.1',
  port: 80,
  meta: {},
  weights: { passing: 1, warning: 1 },
  checks: [ttl],
  ...facts,
});
const status = () => state.services.check('service:web-1')?.status;

beforeEach(() => {
  nowMs = 1_700_000_000_000;
  state = new RegistryState(now);
});

describe('an instance', () => {
  it('turns critical when its time is over, and goes a minute later', () => {
    state.services.register(web());
    pass(9_999);
    expect(status()).toBe('passing');
    pass(1);
    expect([status(), state.services.check('service:web-1')?.output]).toEqual(['critical', 'TTL expired']);
    pass(59_999);
    expect(state.services.get('web-1')).toBeDefined();
    pass(1);
    expect(state.services.get('web-1')).toBeUndefined();
    expect(state.services.names().size).toBe(0);
  });

  it('lives as long as it reports, and comes back from critical', () => {
    state.services.register(web());
    for (let beat = 0; beat < 20; beat++) {
      pass(9_000);
      state.services.report('service:web-1', 'passing', '');
    }
    expect(status()).toBe('passing');
    pass(10_000);
    state.services.report('service:web-1', 'passing', '');
    pass(9_000);
    expect(status()).toBe('passing');
  });

  it('goes at its own time, whatever the others do meanwhile', () => {
    for (const [id, ttlMs] of [
      ['web-1', 30_000],
      ['web-2', 10_000],
      ['web-3', 20_000],
    ] as const)
      state.services.register(web({ id, checks: [{ ...ttl, ttlMs }] }));
    const statuses = () => state.services.checks().map((check) => check.status);
    pass(9_000);
    for (let beat = 0; beat < 5; beat++) state.services.beat('service:web-2', 90_000);
    pass(10_999);
    expect(statuses()).toEqual(['passing', 'passing', 'passing']);
    expect(state.nextDueMs()).toBeLessThanOrEqual(nowMs + 1);
    pass(1);
    expect(statuses()).toEqual(['passing', 'passing', 'critical']);
    state.services.letGo('service:web-2');
    pass(10_000);
    expect(statuses()).toEqual(['critical', 'critical', 'critical']);
    expect(state.nextDueMs()).toBe(nowMs + 50_000);
    pass(50_000);
    expect(state.services.all().map(({ id }) => id)).toEqual(['web-1', 'web-2']);
  });

  it('stays for ever when it has no check or no deregistration time', () => {
    state.services.register(web({ checks: [] }));
    state.services.register(web({ id: 'web-2', checks: [{ ttlMs: 1_000 }] }));
    pass(1e9);
    expect(state.services.ofName('web').map(({ id }) => id)).toEqual(['web-1', 'web-2']);
    expect(state.nextDueMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('changes the index only when something differs; a heartbeat does not', () => {
    state.services.register(web());
    const before = state.changes.last;
    state.services.register(web());
    state.services.report('service:web-1', 'passing', '');
    expect(state.changes.last).toBe(before);
    state.services.register(web({ meta: { version: '2' } }));
    expect(state.changes.of(serviceTopic('web'))).toBe(before + 1);
    expect(state.changes.of(SERVICES)).toBe(before);
  });

  it('wakes both services when it changes its name', () => {
    state.services.register(web());
    state.services.register(web({ name: 'shop' }));
    expect(state.changes.of(serviceTopic('web'))).toBe(state.changes.last);
    expect(state.changes.of(serviceTopic('shop'))).toBe(state.changes.last);
    expect([...state.services.names().keys()]).toEqual(['shop']);
    expect(state.services.checksOf('web-1')).toHaveLength(1);
  });

  it('cannot take the check of another, nor report on one that is not there', () => {
    state.services.register(web());
    const other = web({ id: 'web-2', checks: [{ ...ttl, id: 'service:web-1' }] });
    expect(() => state.services.register(other)).toThrow('belongs to another service');
    expect(() => state.services.report('nobody', 'passing', '')).toThrow(expect.objectContaining({ status: 404 }));
    expect(state.services.deregister('nobody')).toBe(false);
  });
});

describe('keys', () => {
  const put = (key: string, value: string, options = {}) => state.keys.put(key, Buffer.from(value), options);

  it('are set only when check-and-set agrees', () => {
    expect(put('a', '1', { cas: 5 })).toBe(false);
    expect(put('a', '1', { cas: 0 })).toBe(true);
    expect(put('a', '2', { cas: 0 })).toBe(false);
    const index = state.keys.get('a')?.modifyIndex;
    expect(put('a', '2', { cas: index })).toBe(true);
    expect(put('a', '3', { cas: index })).toBe(false);
    expect(state.keys.delete('a', index)).toBe(false);
    expect(state.keys.delete('a', state.keys.get('a')?.modifyIndex)).toBe(true);
    expect(state.keys.delete('a', 1)).toBe(true);
  });

  it('are listed by prefix, cut at a separator', () => {
    for (const key of ['a/b/c', 'a/b/d', 'a/e', 'f']) put(key, '');
    expect(state.keys.keys('a/')).toEqual(['a/b/c', 'a/b/d', 'a/e']);
    expect(state.keys.keys('a/', '/')).toEqual(['a/b/', 'a/e']);
    state.keys.deleteUnder('a/b');
    expect(state.keys.keys('')).toEqual(['a/e', 'f']);
    expect(state.changes.ofPrefix('kv:a/b/')).toBe(state.changes.last);
  });

  it('do not change the index when nothing differs', () => {
    put('a', '1', { flags: 7 });
    const before = state.changes.last;
    expect(put('a', '1')).toBe(true);
    expect([state.changes.last, state.keys.get('a')?.flags]).toEqual([before, 7]);
  });
});

describe('sessions', () => {
  const session = (facts = {}) =>
    state.sessions.create({ name: '', behavior: 'release', lockDelayMs: 15_000, checks: [], ...facts });
  const lock = (id: string) => state.keys.put('leader', Buffer.from(id), { acquire: id });

  it('hold a lock alone, and give it back', () => {
    const [a, b] = [session(), session()];
    expect([lock(a.id), lock(a.id), lock(b.id)]).toEqual([true, true, false]);
    expect(state.keys.get('leader')).toMatchObject({ session: a.id, lockIndex: 1 });
    expect(state.keys.put('leader', Buffer.from(''), { release: b.id })).toBe(false);
    expect(state.keys.put('leader', Buffer.from(''), { release: a.id })).toBe(true);
    expect(lock(b.id)).toBe(true);
    expect(state.keys.get('leader')?.lockIndex).toBe(2);
    expect(() => lock('no-session')).toThrow('invalid session "no-session"');
  });

  it('end when they are not renewed; their lock is free after the lock delay', () => {
    const [a, b] = [session({ ttlMs: 10_000 }), session()];
    lock(a.id);
    pass(9_000);
    expect(state.sessions.renew(a.id)).toBeDefined();
    pass(9_000);
    expect(state.sessions.get(a.id)).toBeDefined();
    pass(1_000);
    expect([state.sessions.get(a.id), state.keys.get('leader')?.session]).toEqual([undefined, undefined]);
    expect(lock(b.id)).toBe(false);
    pass(15_000);
    expect(lock(b.id)).toBe(true);
    expect(state.sessions.renew(a.id)).toBeUndefined();
  });

  it('take their keys with them when they say so', () => {
    const a = session({ behavior: 'delete', lockDelayMs: 0 });
    lock(a.id);
    state.sessions.destroy(a.id);
    expect(state.keys.get('leader')).toBeUndefined();
  });

  it('end with the check that they hang on', () => {
    state.services.register(web());
    const a = session({ checks: ['service:web-1'] });
    pass(10_000);
    expect(state.sessions.get(a.id)).toBeUndefined();
  });
});

describe('after a restart', () => {
  const restarted = () => new RegistryState(now, JSON.parse(JSON.stringify(state.save())));

  it('everything is there, the index is higher, and each instance has its whole lease again', () => {
    state.services.register(web());
    state.keys.put('a', Buffer.from('1'), { flags: 3 });
    const { id } = state.sessions.create({ name: 's', behavior: 'release', lockDelayMs: 0, ttlMs: 10_000, checks: [] });
    nowMs += 3_600_000;
    const again = restarted();
    pass(9_999, again);
    expect(again.services.check('service:web-1')?.status).toBe('passing');
    expect(again.keys.get('a')).toEqual(state.keys.get('a'));
    expect(again.sessions.get(id)?.name).toBe('s');
    expect(again.changes.of(serviceTopic('web'))).toBeGreaterThan(state.changes.last);
    pass(1, again);
    expect(again.services.check('service:web-1')?.status).toBe('critical');
    expect(again.sessions.get(id)).toBeUndefined();
  });

  it('what was dead is not alive, and goes in its time', () => {
    state.services.register(web());
    pass(10_000);
    const again = restarted();
    expect(again.services.check('service:web-1')?.status).toBe('critical');
    pass(60_000, again);
    expect(again.services.get('web-1')).toBeUndefined();
  });
});
