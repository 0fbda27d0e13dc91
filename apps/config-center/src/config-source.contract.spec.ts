import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openConfigSource } from '@rookery/config';
import { pushingSourceContract } from '@rookery/config/testing';
import { freePorts, startPostgres } from '@rookery/servers';
import { afterAll, describe } from 'vitest';
import { call, newKey, startReplica } from './testing/centre.ts';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(!postgres)('the config-center driver on the real app', () => {
  pushingSourceContract('config-center', async () => {
    process.env.DATABASE_URL = await postgres?.createDatabase('config');
    const home = await mkdtemp(join(tmpdir(), 'rookery-contract-'));
    let centre = await startReplica();
    const port = Number(new URL(centre.urls.http).port);
    const [deadPort] = await freePorts(1);
    let key = newKey();
    const open = (url: string) =>
      openConfigSource({ url, service: key.split('/').at(-1) ?? '', instance: 'contract', home, waitMs: 500 });
    return {
      open: () => open(centre.urls.http),
      openUnreachable: () => open(`http://127.0.0.1:${deadPort}`),
      nextKey: async () => {
        key = newKey();
      },
      publish: async (settings) => {
        const { status, body } = await call(centre.urls.http + key, 'PUT', settings);
        if (status !== 200) throw new Error(`publish answered ${status} ${JSON.stringify(body)}`);
      },
      stop: () => centre.close(),
      start: async () => {
        centre = await startReplica(port);
      },
      close: async () => {
        await centre.close();
        await rm(home, { recursive: true });
      },
    };
  });
});
