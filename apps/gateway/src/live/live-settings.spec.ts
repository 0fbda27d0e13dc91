import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppliedReport, ConfigSource, SettingsTree, Snapshot } from '@rookery/config';
import { createLogger, RookeryError } from '@rookery/observability';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Route } from '../routes/route.ts';
import { RouteSet } from '../routes/route-set.ts';
import { type Rig, startRig, until } from '../testing/rig.ts';
import { lateSource } from './late-source.ts';
import { LiveSettings, openSources } from './live-settings.ts';

const logger = createLogger({ service: 'gateway', level: 'silent' });

/** A source whose content a spec sets. */
class PushedSource implements ConfigSource {
  readonly name = 'spec';
  #version = 1;
  #listener: ((snapshot: Snapshot) => void) | undefined;
  #decided: () => void = () => {};

  constructor(private settings: SettingsTree) {}

  /** Settles once it is in force, or refused. */
  async push(settings: SettingsTree): Promise<void> {
    this.settings = settings;
    this.#version++;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#decided = resolve;
    this.#listener?.({ version: this.#version, settings });
    await promise;
  }

  async report({ version }: AppliedReport): Promise<void> {
    if (version === this.#version) this.#decided();
  }

  async load() {
    return { version: this.#version, settings: this.settings };
  }

  watch(listener: (snapshot: Snapshot) => void) {
    this.#listener = listener;
    return { close: () => {} };
  }

  async close() {}
}

const routeTo = (path: string, id = 'films') => ({ routes: [{ id, path, service: 'catalog' }] });
let rig: Rig;
let live: LiveSettings;

async function follow(...sources: ConfigSource[]) {
  live = await LiveSettings.open({ sources, logger }, (value) => rig.gateway.rehearse(value));
  rig.gateway.apply(live.value);
  live.follow((value) => rig.gateway.apply(value));
}

const status = async (path: string) => {
  const response = await fetch(rig.url + path);
  await response.arrayBuffer();
  return response.status;
};

beforeEach(async () => {
  rig = await startRig();
  const { port } = await rig.upstream((_request, response) => void response.end('{}'));
  rig.registry.set('catalog', port);
});
afterEach(async () => {
  await live?.close();
  await rig.close();
});

describe('routes that change while the gateway runs', () => {
  it('a thousand times under load: each is in force at once, and no request is dropped', async () => {
    const source = new PushedSource(routeTo('/steady/**'));
    await follow(source);
    const statuses: Record<number, number> = {};
    let stop = false;
    const client = async () => {
      while (!stop) {
        const got = await status('/steady/x');
        statuses[got] = (statuses[got] ?? 0) + 1;
      }
    };
    const clients = Array.from({ length: 8 }, client);
    for (let at = 1; at <= 1_000; at++) {
      const change = { id: `change-${at}`, path: `/changed/${at}/**`, service: 'catalog' };
      await source.push({ routes: [...routeTo('/steady/**').routes, change] });
      const match = rig.gateway.routes.of(change.id);
      expect(match?.route.path).toBe(change.path);
      if (at % 20 === 0)
        expect([await status(`/changed/${at}/x`), await status(`/changed/${at - 1}/x`)]).toEqual([200, 404]);
    }
    stop = true;
    await Promise.all(clients);
    expect(Object.keys(statuses)).toEqual(['200']);
    expect(rig.gateway.inFlight).toBe(0);
  }, 60_000);

  it('a wrong change is refused whole, with its path; the old one stays; a good one follows', async () => {
    const source = new PushedSource(routeTo('/films/**'));
    await follow(source);
    await source.push({ routes: [...routeTo('/new/**').routes, { id: 'b', path: 'films', service: 'catalog' }] });
    expect(live.refused).toMatchObject({
      source: 'spec',
      version: 2,
      reason: expect.stringContaining('routes.1.path'),
    });
    expect([await status('/films/1'), await status('/new/1')]).toEqual([200, 404]);
    await source.push(routeTo('/new/**'));
    expect(live.refused).toBeUndefined();
    expect([await status('/films/1'), await status('/new/1')]).toEqual([404, 200]);
  });

  it('also where it holds no list of routes, or the same one twice', async () => {
    const source = new PushedSource(routeTo('/films/**'));
    await follow(source);
    await source.push({ routes: 'films' });
    expect(live.refused?.reason).toMatch(/^routes: expected array, received text$/);
    const [film] = routeTo('/films/**').routes;
    await source.push({ routes: [film, { ...film, path: '/new/**' }] });
    expect(live.refused?.reason).toMatch(/routes\.1\.id.*films stands twice/);
    await source.push({ routes: [film, { ...film, id: 'again' }] });
    expect(live.refused?.reason).toMatch(/routes\.1\.path.*twice without conditions/);
    await source.push({ routes: Array(100_001).fill(film) });
    expect(live.refused?.reason).toMatch(/^routes: expected a list of length <= 100000/);
    expect(await status('/films/1')).toBe(200);
  });

  it('of two that come one right after the other, the later is in force', async () => {
    const source = new PushedSource(routeTo('/films/**'));
    await follow(source);
    const many = Array.from({ length: 2_000 }, (_, at) => ({ id: `m${at}`, path: `/m/${at}/**`, service: 'catalog' }));
    const first = source.push({ routes: many });
    await source.push(routeTo('/last/**'));
    expect([await status('/last/1'), await status('/m/1/x')]).toEqual([200, 404]);
    void first;
  });

  it('also where only a filter of it cannot be made, and nothing of it stays open', async () => {
    const source = new PushedSource(routeTo('/films/**'));
    await follow(source);
    const unmakeable = { name: 'set-path', path: '/films/{nothing}' };
    await source.push({ ...routeTo('/new/**'), defaultFilters: [unmakeable] });
    expect(live.refused?.reason).toMatch(/set-path of route films.*\{nothing\}/);
    expect(await status('/films/1')).toBe(200);
  });

  it('and routes are made once for the check and for what comes of it', async () => {
    const source = new PushedSource(routeTo('/films/**'));
    await follow(source);
    const make = vi.spyOn(RouteSet, 'makeInSlices');
    await source.push(routeTo('/new/**'));
    expect(await status('/new/1')).toBe(200);
    expect(make).toHaveBeenCalledTimes(1);
    make.mockRestore();
  });

  it('ten thousand of them are read and made while requests are served, and a change of one of them reads one', async () => {
    const filters = [
      { name: 'rate-limit', perSecond: 5 },
      { name: 'cors', origins: ['*'] },
    ];
    const many = Array.from({ length: 10_000 }, (_, at) => ({
      ...routeTo(`/many/${at}/**`, `m${at}`).routes[0],
      filters,
    }));
    const source = new PushedSource(routeTo('/films/**'));
    await follow(source);
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    await source.push({ routes: many });
    isDone = true;
    expect(live.refused).toBeUndefined();
    expect(await status('/many/9999/x')).toBe(200);
    // It takes a few hundred milliseconds, two at a time.
    expect(turns).toBeGreaterThan(10);
    const parse = vi.spyOn(Route, 'safeParse');
    const before = live.value.routes[5];
    await source.push({ routes: [{ ...many[0], path: '/other/**' }, ...many.slice(1)] });
    expect(await status('/other/x')).toBe(200);
    expect(parse).toHaveBeenCalledTimes(1);
    expect(live.value.routes[5]).toBe(before);
    parse.mockRestore();
  }, 60_000);

  it('limits change too: of headers, of connections', async () => {
    const source = new PushedSource(routeTo('/films/**'));
    await follow(source);
    const withMany = () =>
      fetch(`${rig.url}/films/1`, {
        headers: Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`x-${at}`, '1'])),
      });
    expect((await withMany()).status).toBe(200);
    await source.push({ ...routeTo('/films/**'), maxHeaders: 20, connectionsPerInstance: 1 });
    expect((await withMany()).status).toBe(431);
    expect(await Promise.all([status('/films/1'), status('/films/2')])).toEqual([200, 200]);
  });
});

describe('the file that GATEWAY_SETTINGS names', () => {
  it('is followed: a change of it is in force within a second, a broken one is not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gateway-'));
    const file = join(folder, 'gateway.json');
    const write = async (text: string) => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    };
    await write(JSON.stringify(routeTo('/films/**')));
    await follow(...(await openSources({ GATEWAY_SETTINGS: file }, logger)));
    expect(await status('/films/1')).toBe(200);
    await write(JSON.stringify(routeTo('/new/**')));
    await until('the change is in force', async () => (await status('/new/1')) === 200, 1_000);
    await write('{ "routes": [');
    await write(JSON.stringify({ routes: [{ id: 'x', path: 'x', service: 'catalog' }] }));
    await until('it is refused', () => live.refused !== undefined);
    expect(await status('/new/1')).toBe(200);
    await rm(folder, { recursive: true });
  });
});

describe('given a configuration centre that is away', () => {
  it('the gateway starts without it', async () => {
    await follow(...(await openSources({ CONFIG_URL: 'http://127.0.0.1:1' }, logger)));
    expect(await status('/api/catalog/films')).toBe(200);
  });

  it('and takes over what it says once it is back', async () => {
    const centre = new PushedSource({});
    centre.load = async () => {
      throw new RookeryError('CONFIG_UNREACHABLE', 'away');
    };
    const away: string[] = [];
    await follow(lateSource(centre, ({ code }) => away.push(code)));
    expect(await status('/films/1')).toBe(404);
    await centre.push(routeTo('/films/**'));
    expect([away, await status('/films/1')]).toEqual([['CONFIG_UNREACHABLE'], 200]);
  });
});
