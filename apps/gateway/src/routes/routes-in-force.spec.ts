import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Chain } from '../filters/chain.ts';
import type { GatewaySettings } from '../settings.ts';
import { collectGarbage } from '../testing/collect-garbage.ts';
import { parseSettings } from '../testing/parse-settings.ts';
import { type Rig, startRig } from '../testing/rig.ts';
import { RouteSet } from './route-set.ts';

const RATE = { name: 'rate-limit', perSecond: 1, burst: 1 };
const route = (id: string, more: object = {}) => ({ id, path: `/api/catalog/${id}`, service: 'catalog', ...more });
const settings = (...routes: object[]) => parseSettings({ routes });
const limited = (id: string, more: object = {}) => route(id, { filters: [{ ...RATE, ...more }] });

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rig.close();
});

const compiled = (id: string) => rig.gateway.routes.of(id);

/** As the configuration does it. */
async function putInForce(next: GatewaySettings): Promise<void> {
  await rig.gateway.rehearse(next);
  rig.gateway.apply(next);
}

it('makes routes once that were rehearsed before they are put in force', async () => {
  const make = vi.spyOn(RouteSet, 'makeInSlices');
  const next = settings(route('next'));
  await rig.gateway.rehearse(next);
  expect(compiled('next')).toBeUndefined();
  rig.gateway.apply(next);
  expect(compiled('next')).toBeDefined();
  expect(make).toHaveBeenCalledTimes(1);
});

it('puts in force what it is given, whatever was rehearsed', async () => {
  await rig.gateway.rehearse(settings(route('rehearsed')));
  rig.gateway.apply(settings(route('given')));
  expect([compiled('given'), compiled('rehearsed')].map(Boolean)).toEqual([true, false]);
});

it('closes what was rehearsed when something else comes in its place', async () => {
  const close = vi.spyOn(Chain.prototype, 'close');
  await rig.gateway.rehearse(settings(limited('rehearsed')));
  expect(close).not.toHaveBeenCalled();
  rig.gateway.apply(settings(route('given')));
  expect(close).toHaveBeenCalledTimes(1);
});

describe('a route', () => {
  const mark = { name: 'security-headers' };

  it.each<[string, object, object, boolean]>([
    ['stays where it is the same, whatever others become', route('a'), route('a'), true],
    ['with filters stays too', limited('a'), limited('a'), true],
    ['is made anew where anything of it is another', limited('a'), limited('a', { perSecond: 2 }), false],
    ['made of files is made anew', ...twice(route('a', { filters: [transcodeFile()] })), false],
  ])('%s', async (_, before, after, stays) => {
    await putInForce(settings(before, route('b')));
    const known = compiled('a');
    await putInForce(settings(route('c'), after));
    expect(compiled('a') === known).toBe(stays);
  });

  it('is made anew when another takes more of its weight group', async () => {
    const share = (id: string, of: number) =>
      route(id, { path: '/api/catalog/x', when: { weight: { group: 'g', share: of } } });
    await putInForce(settings(share('a', 1), share('b', 1)));
    const known = compiled('a');
    await putInForce(settings(share('a', 1), share('b', 3)));
    expect(compiled('a')).not.toBe(known);
  });

  it('is made anew when what is on all routes changes', async () => {
    const next = (filters: object[]) => parseSettings({ routes: [route('a')], defaultFilters: filters });
    await putInForce(next([]));
    const known = compiled('a');
    await putInForce(next([mark]));
    expect(compiled('a')).not.toBe(known);
    expect(compiled('a')?.chain?.filters).toHaveLength(1);
  });
});

describe('filters of a route that stays', () => {
  it('are open until the last routes that have it are gone, and then close once', async () => {
    const close = vi.spyOn(Chain.prototype, 'close');
    await putInForce(settings(limited('a')));
    const [first, chain] = [rig.gateway.routes, compiled('a')?.chain];
    first.begin();
    await putInForce(settings(limited('a'), route('b')));
    await putInForce(settings(route('c')));
    expect(close).not.toHaveBeenCalled();
    first.end();
    await expect.poll(() => close.mock.contexts).toEqual([chain]);
  });

  it('are closed by the end of the gateway, however many routes had them', async () => {
    const close = vi.spyOn(Chain.prototype, 'close');
    await putInForce(settings(limited('a')));
    const chain = compiled('a')?.chain;
    for (const other of ['b', 'c', 'd']) await putInForce(settings(limited('a'), route(other)));
    await rig.gateway.rehearse(settings(limited('a'), route('e')));
    await rig.gateway.close();
    expect(close.mock.contexts.filter((each) => each === chain)).toHaveLength(1);
  });

  it('keep what they share: what a client has used up stays used up', async () => {
    const { port } = await rig.upstream((_, response) => response.end());
    rig.registry.set('catalog', port);
    const status = async () => (await fetch(`${rig.url}/api/catalog/a`)).status;
    const slow = { perSecond: 0.001 };
    await putInForce(settings(limited('a', slow)));
    expect([await status(), await status()]).toEqual([200, 429]);
    for (const other of ['b', 'c', 'd']) {
      await putInForce(settings(limited('a', slow), route(other)));
      expect(await status()).toBe(429);
    }
  });
});

it('routes that were replaced are forgotten, also by filters that keep what they are made of', async () => {
  const next = (id: string) => settings(route(id, { filters: [transcodeFile()] }), limited('a'));
  const gone: WeakRef<RouteSet>[] = [];
  for (const id of ['b', 'c', 'd', 'e']) {
    await putInForce(next(id));
    gone.push(new WeakRef(rig.gateway.routes));
  }
  await expect
    .poll(() => {
      collectGarbage();
      return gone.map((set) => set.deref() === undefined);
    })
    .toEqual([true, true, true, false]);
});

function transcodeFile() {
  return { name: 'transcode', proto: [new URL('../testing/library.proto', import.meta.url).pathname] };
}

function twice<T>(value: T): [T, T] {
  return [value, value];
}
