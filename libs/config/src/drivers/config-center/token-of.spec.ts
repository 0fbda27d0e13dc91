import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenSource } from './token-of.ts';

describe('the token for the centre', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rookery-token-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is that of CONFIG_TOKEN, or there is none', async () => {
    expect(await tokenSource({ CONFIG_TOKEN: 'abc\n' })()).toBe('abc');
    expect(await tokenSource({})()).toBeUndefined();
  });

  it('is read from its file each time, so that it can be replaced', async () => {
    const file = join(folder, 'token');
    const token = tokenSource({ CONFIG_TOKEN_FILE: file });
    await writeFile(file, 'one\n');
    expect(await token()).toBe('one');
    await writeFile(file, 'two\n');
    expect(await token()).toBe('two');
  });

  it('that cannot be read is said by the name of its file', async () => {
    const missing = tokenSource({ CONFIG_TOKEN_FILE: join(folder, 'none') });
    await expect(missing()).rejects.toMatchObject({
      code: 'CONFIG_UNREACHABLE',
      message: expect.stringContaining('CONFIG_TOKEN_FILE'),
    });
  });
});
