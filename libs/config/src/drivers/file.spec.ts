import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot } from '../config.ts';
import { pushingSourceContract } from '../testing/contract.ts';
import { fileSource } from './file.ts';

pushingSourceContract('file', async () => {
  const home = await mkdtemp(join(tmpdir(), 'rookery-file-'));
  const folder = join(home, 'config');
  await mkdir(folder);
  let key = 1;
  return {
    open: () => fileSource(folder, `service-${key}`, { rereadMs: 500 }),
    openUnreachable: () => fileSource(join(home, 'missing.yaml'), 'orders'),
    nextKey: async () => {
      key += 1;
    },
    publish: async (settings) => {
      const draft = join(folder, 'draft');
      await writeFile(draft, JSON.stringify(settings));
      await rename(draft, join(folder, `service-${key}.json`));
    },
    stop: () => rename(folder, `${folder}-away`),
    start: () => rename(`${folder}-away`, folder),
    close: () => rm(home, { recursive: true }),
  };
});

describe('the file source', () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'rookery-file-'));
  });
  afterAll(() => rm(home, { recursive: true }));

  it('reads one YAML file', async () => {
    const path = join(home, 'orders.yaml');
    await writeFile(path, 'limits:\n  maxItems: 7\n');
    expect(await fileSource(path, 'orders').load()).toEqual({ version: 1, settings: { limits: { maxItems: 7 } } });
  });

  it('names line and mistake of a broken file and repeats nothing of it', async () => {
    const path = join(home, 'broken.json');
    await writeFile(path, '{\n  "password": "hunter2" "oops"\n}');
    const error = await fileSource(path, 'orders')
      .load()
      .catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'CONFIG_UNREADABLE' });
    expect(String(error)).toMatch(/line 2/);
    expect(String(error)).not.toMatch(/hunter2|oops/);
  });

  it('keeps quiet about the settings while a broken file lies there, and says so once', async () => {
    const path = join(home, 'torn.yaml');
    await writeFile(path, 'a: 1');
    const source = fileSource(path, 'orders', { rereadMs: 50 });
    await source.load();
    const seen: Snapshot[] = [];
    const problems: string[] = [];
    source.watch?.(
      (snapshot) => seen.push(snapshot),
      ({ code }) => problems.push(code),
    );
    await writeFile(path, 'a: [1');
    await expect.poll(() => problems).toEqual(['CONFIG_UNREADABLE']);
    await writeFile(path, 'a: 2');
    await expect.poll(() => seen.at(-1)?.settings).toEqual({ a: 2 });
    expect(problems).toEqual(['CONFIG_UNREADABLE']);
    await source.close();
  });

  it('follows the symbolic links of a Kubernetes ConfigMap', async () => {
    const mount = join(home, 'configmap');
    for (const [revision, maxItems] of [
      ['r1', 1],
      ['r2', 2],
    ] as const) {
      await mkdir(join(mount, revision), { recursive: true });
      await writeFile(join(mount, revision, 'orders.yaml'), `maxItems: ${maxItems}`);
    }
    await symlink('r1', join(mount, '..data'));
    await symlink('..data/orders.yaml', join(mount, 'orders.yaml'));
    const source = fileSource(join(mount, 'orders.yaml'), 'orders', { rereadMs: 60_000 });
    const seen: unknown[] = [(await source.load()).settings];
    source.watch?.(({ settings }) => seen.push(settings));
    await symlink('r2', join(mount, '..data_tmp'));
    await rename(join(mount, '..data_tmp'), join(mount, '..data'));
    await expect.poll(() => seen).toEqual([{ maxItems: 1 }, { maxItems: 2 }]);
    await source.close();
  });
});
