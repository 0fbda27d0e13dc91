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

/** The drivers for the engines whose protocols the centre speaks, on the centre itself. */
describe.skipIf(!postgres)('on the protocols of the centre', () => {
  describe.each([
    ['nacos', (host: string) => `nacos://${host}?wait=2s`],
    // As YAML: a .properties namespace has nothing but text.
    ['apollo', (host: string) => `apollo+http://${host}?namespaces=application.yaml`],
    ['spring', (host: string) => `spring+http://${host}/spring?poll=200ms`],
  ] as const)('%s', (name, urlOf) => {
    pushingSourceContract(name, async () => {
      process.env.DATABASE_URL = await postgres?.createDatabase('config');
      const home = await mkdtemp(join(tmpdir(), 'rookery-contract-'));
      let centre = await startReplica();
      const { host, port } = new URL(centre.urls.http);
      const [deadPort] = await freePorts(1);
      let key = newKey();
      const open = (url: string) => openConfigSource({ url, service: key.split('/').at(-1) ?? '', home, waitMs: 500 });
      return {
        open: () => open(urlOf(host)),
        openUnreachable: () => open(urlOf(`127.0.0.1:${deadPort}`)),
        nextKey: async () => {
          key = newKey();
        },
        publish: async (settings) => {
          const { status } = await call(centre.urls.http + key, 'PUT', settings);
          if (status !== 200) throw new Error(`publish answered ${status}`);
        },
        stop: () => centre.close(),
        start: async () => {
          centre = await startReplica(Number(port));
        },
        close: async () => {
          await centre.close();
          await rm(home, { recursive: true });
        },
      };
    });
  });
});
