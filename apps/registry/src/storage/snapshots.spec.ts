import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RegistryState } from '../domain/registry-state.ts';
import { SnapshotFile } from './snapshot-file.ts';
import { Snapshots } from './snapshots.ts';

let home: string;
let file: SnapshotFile;
const logger = { info: vi.fn(), warn: vi.fn() };

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'registry-snapshot-'));
  file = new SnapshotFile(join(home, 'registry', 'registry.json'));
});
afterEach(async () => {
  vi.clearAllMocks();
  await rm(home, { recursive: true, force: true });
});

const withKeys = (...keys: string[]) => {
  const state = new RegistryState();
  for (const key of keys) state.keys.put(key, Buffer.from(key));
  return state;
};

describe('the snapshot', () => {
  it('comes soon after a change, and the last changes at the end', async () => {
    const state = withKeys();
    const snapshots = new Snapshots(state, file, logger);
    state.keys.put('a', Buffer.from('1'));
    await vi.waitFor(async () => expect(await file.read()).toMatchObject({ state: { keys: [{ key: 'a' }] } }), 10_000);
    state.keys.put('b', Buffer.from('2'));
    await snapshots.close();
    expect(await file.read()).toMatchObject({ found: 'state', state: { keys: [{ key: 'a' }, { key: 'b' }] } });
    expect(await readdir(dirname(file.path))).toEqual(['registry.json']);
  });

  it('is not touched by a registry that changed nothing', async () => {
    await new Snapshots(withKeys(), file, logger).close();
    expect(await file.read()).toEqual({ found: 'nothing' });
  });

  it('that is damaged is put aside, not lost', async () => {
    const snapshots = new Snapshots(withKeys(), file, logger);
    await file.write(withKeys('a').save());
    for (const damage of ['{"version":1,"serv', '{"version":9}', '{"version":1}', 'null']) {
      await writeFile(file.path, damage);
      const found = await file.read();
      expect(found.found).toBe('damage');
      if (found.found === 'damage') expect(await readFile(found.putAside, 'utf8')).toBe(damage);
      expect(await file.read()).toEqual({ found: 'nothing' });
    }
    await snapshots.close();
  });

  it('that cannot be written is said once, and does not end the registry', async () => {
    await writeFile(join(home, 'registry'), 'a file where the folder should be');
    const state = withKeys();
    const snapshots = new Snapshots(state, file, logger);
    state.keys.put('a', Buffer.from('1'));
    await snapshots.flush();
    state.keys.put('b', Buffer.from('1'));
    await snapshots.close();
    expect(logger.warn).toHaveBeenCalledTimes(1);
  });
});
