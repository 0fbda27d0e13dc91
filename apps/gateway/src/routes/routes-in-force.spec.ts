import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Chain } from '../filters/chain.ts';
import { parseSettings } from '../settings.ts';
import { type Rig, startRig } from '../testing/rig.ts';
import { RouteSet } from './route-set.ts';

const settings = (id: string) => parseSettings({ routes: [{ id, path: '/**', service: 'catalog' }] });
const limited = (id: string) =>
  parseSettings({ routes: [{ id, path: '/**', service: 'catalog', filters: [{ name: 'rate-limit', perSecond: 5 }] }] });

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rig.close();
});

it('makes routes once that were rehearsed before they are put in force', async () => {
  const make = vi.spyOn(RouteSet, 'makeInSlices');
  const next = settings('next');
  await rig.gateway.rehearse(next);
  expect(rig.gateway.routes.of('next')).toBeUndefined();
  rig.gateway.apply(next);
  expect(rig.gateway.routes.of('next')).toBeDefined();
  expect(make).toHaveBeenCalledTimes(1);
});

it('puts in force what it is given, whatever was rehearsed', async () => {
  await rig.gateway.rehearse(settings('rehearsed'));
  rig.gateway.apply(settings('given'));
  expect([rig.gateway.routes.of('given'), rig.gateway.routes.of('rehearsed')].map(Boolean)).toEqual([true, false]);
});

it('closes what was rehearsed when something else comes in its place', async () => {
  const close = vi.spyOn(Chain.prototype, 'close');
  await rig.gateway.rehearse(limited('rehearsed'));
  expect(close).not.toHaveBeenCalled();
  rig.gateway.apply(settings('given'));
  expect(close).toHaveBeenCalledTimes(1);
});
