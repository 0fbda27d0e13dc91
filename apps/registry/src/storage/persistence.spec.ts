import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RegistryState } from '../domain/registry-state.ts';
import { Journals } from './journal.ts';
import { Persistence } from './persistence.ts';
import { recover } from './recover.ts';
import { SnapshotFile } from './snapshot-file.ts';

let home: string;
let snapshot: SnapshotFile;
let journals: Journals;
const logger = { info: vi.fn(), warn: vi.fn() };

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'registry-state-'));
  snapshot = new SnapshotFile(join(home, 'registry', 'registry.json'));
  journals = new Journals(dirname(snapshot.path));
});
afterEach(async () => {
  vi.clearAllMocks();
  await rm(home, { recursive: true, force: true });
});

const found = () => recover(snapshot, journals);
const files = async () => (await readdir(journals.folder)).sort();

/** A registry that begins with what the last one left. */
async function run(shortestJournalBytes = 1_000_000) {
  const { state: saved, nextJournal } = await found();
  const state = new RegistryState(Date.now, saved);
  const options = { state, snapshot, journals, nextJournal, logger, shortestJournalBytes };
  return { state, persistence: new Persistence(options) };
}
const put = (state: RegistryState, ...keys: string[]) => {
  for (const key of keys) state.keys.put(key, Buffer.from(key));
};
const keysOf = (state: { keys: { key: string }[] } | undefined) => state?.keys.map(({ key }) => key);
const instance = (id: string, name = 'orders') => ({
  ...{ id, name, tags: [], address: 'h', port: 1, meta: {}, weights: { passing: 1, warning: 1 } },
  checks: [{ ttlMs: 10_000, status: 'passing' as const }],
});

describe('what is written down', () => {
  it('comes soon after a change, and the last changes at the end', async () => {
    const { state, persistence } = await run();
    put(state, 'a');
    await vi.waitFor(async () => expect(keysOf((await found()).state)).toEqual(['a']), 10_000);
    put(state, 'b');
    await persistence.close();
    expect(keysOf((await found()).state)).toEqual(['a', 'b']);
    expect(await files()).toEqual(['registry.journal-1']);
  });

  it('is not touched by a registry that changed nothing', async () => {
    await (await run()).persistence.close();
    expect(await found()).toEqual({ state: undefined, nextJournal: 1, damaged: [] });
  });

  it('becomes a snapshot when the journal is long, while changes go on', async () => {
    const { state, persistence } = await run(2_000);
    for (let round = 0; round < 40; round++) {
      for (let at = 0; at < 20; at++) state.services.register(instance(`i${(round * 7 + at) % 60}`));
      state.services.deregister(`i${round}`);
      await persistence.flush();
    }
    await persistence.close();
    const saved = (await found()).state;
    expect(saved?.services.map(({ id }) => id).sort()).toEqual(
      state.services
        .all()
        .map(({ id }) => id)
        .sort(),
    );
    expect(saved?.checks.length).toBe(saved?.services.length);
    expect((await files()).filter((name) => name.includes('journal'))).toHaveLength(1);
    expect(await files()).toContain('registry.json');
  });

  it('is the same state, whatever happened and whenever it ended', async () => {
    const ids = fc.constantFrom('a', 'b', 'c', '__proto__');
    const step = fc.oneof(
      fc.record({ do: fc.constant('register' as const), id: ids, name: fc.constantFrom('orders', 'films') }),
      fc.record({
        do: fc.constantFrom('deregister' as const, 'fail' as const, 'put' as const, 'delete' as const),
        id: ids,
      }),
      fc.record({ do: fc.constantFrom('flush' as const, 'restart' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        await rm(journals.folder, { recursive: true, force: true });
        let { state, persistence } = await run(500);
        for (const each of steps) {
          if (each.do === 'register') state.services.register(instance(each.id, each.name));
          else if (each.do === 'deregister') state.services.deregister(each.id);
          else if (each.do === 'fail' && state.services.check(`service:${each.id}`))
            state.services.report(`service:${each.id}`, 'critical', 'x');
          else if (each.do === 'put') put(state, each.id);
          else if (each.do === 'delete') state.keys.delete(each.id);
          else if (each.do === 'flush') await persistence.flush();
          else if (each.do === 'restart') {
            await persistence.close();
            ({ state, persistence } = await run(500));
          }
        }
        await persistence.close();
        const { services, checks, keys } = (await found()).state ?? { services: [], checks: [], keys: [] };
        const facts = (all: { id: string; status?: string; name: string }[]) =>
          all.map(({ id, status, name }) => `${id} ${status} ${name}`).sort();
        expect(facts(services)).toEqual(facts(state.services.all()));
        expect(facts(checks)).toEqual(facts(state.services.checks()));
        expect(keys.map(({ key }) => key).sort()).toEqual(state.keys.keys('').sort());
      }),
      { numRuns: 40 },
    );
  });
});

describe('what cannot be read', () => {
  it('is no more than the line that a kill has torn', async () => {
    const { state, persistence } = await run();
    put(state, 'a');
    await persistence.close();
    await appendFile(journals.pathOf(1), '{"index":99,"serv');
    expect(await found()).toMatchObject({ state: { keys: [{ key: 'a' }] }, nextJournal: 2, damaged: [] });
  });

  it('is put aside, not lost, and what stands before it is taken', async () => {
    const { state, persistence } = await run();
    put(state, 'a');
    await persistence.close();
    const whole = await readFile(journals.pathOf(1), 'utf8');
    for (const damage of ['{"index":1,"serv\n', '{"index":9}\n', 'null\n']) {
      await writeFile(journals.pathOf(1), whole + damage + whole);
      const { state: taken, damaged } = await found();
      expect(keysOf(taken)).toEqual(['a']);
      expect(damaged).toMatchObject([{ reason: expect.stringContaining('line 2') }]);
      expect(await readFile(damaged[0]?.putAside ?? '', 'utf8')).toBe(whole + damage + whole);
    }
  });

  it('is a whole snapshot: it and what goes on from it are put aside', async () => {
    for (const damage of ['{"version":1,"serv', '{"version":9}', '{"version":1}', 'null']) {
      const { state, persistence } = await run();
      put(state, 'a');
      await persistence.close();
      await writeFile(snapshot.path, damage);
      const { state: taken, damaged } = await found();
      expect(taken).toBeUndefined();
      expect(await readFile(damaged[0]?.putAside ?? '', 'utf8')).toBe(damage);
      expect((await found()).state).toBeUndefined();
    }
  });

  it('is told once when it cannot be written, and does not end the registry; a snapshot makes up for it', async () => {
    const { state, persistence } = await run();
    await writeFile(join(home, 'registry'), 'a file where the folder should be');
    put(state, 'a');
    await persistence.flush();
    put(state, 'b');
    await persistence.flush();
    expect(logger.warn).toHaveBeenCalledTimes(1);
    await rm(join(home, 'registry'));
    await persistence.close();
    expect(keysOf((await found()).state)).toEqual(['a', 'b']);
    expect(await files()).toContain('registry.json');
    expect(logger.info).toHaveBeenCalledTimes(1);
  });
});
