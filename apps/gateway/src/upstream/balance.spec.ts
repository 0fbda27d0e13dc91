import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type Rig, startRig, until } from '../testing/rig.ts';

const INSTANCES = 4;
let rig: Rig;
let ports: number[] = [];
/** Holds the answers of an instance back. */
const held = new Map<number, (() => void)[]>();

const route = (balance?: unknown, more: object = {}) => ({
  routes: [{ id: 'films', path: '/films/**', service: 'films', ...(balance !== undefined && { balance }), ...more }],
});

beforeEach(async () => {
  rig = await startRig(route('round-robin'));
  ports = [];
  for (let at = 0; at < INSTANCES; at++) {
    const { port, server } = await rig.upstream((_, response) => {
      const answer = () => response.end(String(port));
      const waiting = held.get(port);
      if (waiting) waiting.push(answer);
      else answer();
    });
    new WebSocketServer({ server }).on('connection', (socket) => socket.send(String(port)));
    ports.push(port);
  }
  rig.registry.set('films', ...ports);
});
afterEach(async () => {
  for (const waiting of held.values()) for (const answer of waiting) answer();
  held.clear();
  await rig.close();
});

async function ask(headers: Record<string, string> = {}): Promise<{ port: number; cookie: string | null }> {
  const response = await fetch(`${rig.url}/films/1`, { headers });
  return { port: Number(await response.text()), cookie: response.headers.get('set-cookie') };
}

async function askMany(count: number, headers: (at: number) => Record<string, string> = () => ({})): Promise<number[]> {
  const asked: number[] = [];
  for (let at = 0; at < count; at++) asked.push((await ask(headers(at))).port);
  return asked;
}

async function apply(settings: object): Promise<void> {
  const { parseSettings } = await import('../testing/parse-settings.ts');
  rig.gateway.apply(parseSettings(settings));
}

const spread = (asked: readonly number[]) => ports.map((port) => asked.filter((each) => each === port).length);

describe('the algorithm of a route', () => {
  it('round-robin takes each in turn', async () => {
    expect(spread(await askMany(4 * INSTANCES))).toEqual([4, 4, 4, 4]);
  });

  it('changes while requests run, and leaves other routes alone', async () => {
    const before = await askMany(8, () => ({ 'x-user': 'ada' }));
    expect(new Set(before).size).toBe(INSTANCES);
    await apply({
      routes: [
        ...route({ algorithm: 'maglev', sticky: { header: 'x-user' } }).routes,
        { id: 'turn', path: '/turn/**', service: 'films', balance: 'round-robin' },
      ],
    });
    expect(new Set(await askMany(8, () => ({ 'x-user': 'ada' }))).size).toBe(1);
    const turn = new Set<string>();
    for (let at = 0; at < INSTANCES; at++) turn.add(await (await fetch(`${rig.url}/turn/1`)).text());
    expect(turn.size).toBe(INSTANCES);
  });

  it('least-request leaves one that is busy alone', async () => {
    await apply(route('least-request'));
    const [busy = 0] = ports;
    held.set(busy, []);
    const stuck: Promise<unknown>[] = [];
    await until('one request is stuck there', () => {
      if (held.get(busy)?.length) return true;
      stuck.push(ask());
      return false;
    });
    expect(spread(await askMany(20))[0]).toBe(0);
    for (const answer of held.get(busy) ?? []) answer();
    held.clear();
    await Promise.all(stuck);
  });

  it.each(['ring-hash', 'maglev'])(
    '%s keeps a key with its instance; one that leaves moves its own keys only',
    async (algorithm) => {
      await apply(route({ algorithm, sticky: { header: 'x-user' } }));
      const users = Array.from({ length: 40 }, (_, at) => ({ 'x-user': `user-${at}` }));
      const first = await askMany(users.length, (at) => users[at] ?? {});
      expect(await askMany(users.length, (at) => users[at] ?? {})).toEqual(first);
      expect(new Set(first).size).toBeGreaterThan(1);
      const [gone = 0] = first;
      rig.registry.set('films', ...ports.filter((port) => port !== gone));
      const later = await askMany(users.length, (at) => users[at] ?? {});
      const moved = later.filter((port, at) => port !== first[at] && first[at] !== gone);
      expect(later).not.toContain(gone);
      // Maglev moves a few more than it must.
      expect(moved.length).toBeLessThanOrEqual(algorithm === 'maglev' ? 8 : 0);
    },
  );

  it('by key without saying which goes by the address of the client', async () => {
    await apply(route('maglev'));
    expect(new Set(await askMany(12)).size).toBe(1);
  });

  it('refuses what is unknown, with its path', async () => {
    await expect(startRig(route('fastest'))).rejects.toThrow(/routes\.0\.balance/);
    await expect(startRig(route({ sticky: { header: 'x' } }))).rejects.toThrow(/routes\.0\.balance\.sticky/);
  });
});

describe('a sticky cookie', () => {
  beforeEach(() => apply(route({ algorithm: 'maglev', sticky: { cookie: 'stay', maxAgeMs: 60_000 } })));

  it('is given to who has none, and brings him back to the same instance', async () => {
    const { port, cookie } = await ask();
    expect(cookie).toMatch(/^stay=[\w-]{16}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=60$/);
    const [pair = ''] = cookie?.split(';') ?? [];
    for (let at = 0; at < 8; at++) expect(await ask({ cookie: `a=b; ${pair}` })).toEqual({ port, cookie: null });
    expect(new Set(await askMany(30)).size).toBeGreaterThan(1);
  });

  it('leads to another instance while its own cannot be reached', async () => {
    const { port, cookie } = await ask();
    const [pair = ''] = cookie?.split(';') ?? [];
    rig.registry.set('films', ...ports.map((each) => (each === port ? 1 : each)));
    const asked = await askMany(8, () => ({ cookie: pair }));
    expect(asked.every((each) => each > 1 && each !== port)).toBe(true);
  });

  it('holds for WebSockets too', async () => {
    const { port, cookie } = await ask();
    const [pair = ''] = cookie?.split(';') ?? [];
    const client = new WebSocket(`${rig.url.replace('http', 'ws')}/films/live`, { headers: { cookie: pair } });
    const [data] = (await once(client, 'message')) as [Buffer];
    expect(Number(data)).toBe(port);
    client.close();
    await once(client, 'close');
  });
});
