import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, type OwnServer, startOwnEtcd } from '@rookery/servers';
import { afterAll, describe, expect, it } from 'vitest';
import { openConfigSource } from '../open-sources.ts';
import { pushingSourceContract } from '../testing/contract.ts';

const etcd = await startOwnEtcd();
const home = await mkdtemp(join(tmpdir(), 'rookery-etcd-'));
afterAll(async () => {
  await etcd?.stop();
  await rm(home, { recursive: true });
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe.skipIf(!etcd)('on a real etcd', () => {
  const server = etcd as OwnServer;
  let service = 'orders-0';
  let keys = 0;
  const open = (url: string) => openConfigSource({ url: `${url}/settings?wait=5s`, service, home, waitMs: 500 });
  const put = async (name: string, text: string) => {
    const response = await fetch(`${server.url.replace('etcd:', 'http:')}/v3/kv/put`, {
      method: 'POST',
      body: JSON.stringify({ key: base64(`/settings/${service}/${name}`), value: base64(text) }),
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok) throw new Error(`put answered ${response.status}`);
  };

  pushingSourceContract('etcd', async () => {
    const [deadPort] = await freePorts(1);
    return {
      open: () => open(server.url),
      openUnreachable: () => open(`etcd://127.0.0.1:${deadPort}`),
      nextKey: async () => {
        service = `orders-${++keys}`;
      },
      publish: (settings) => put('settings.json', JSON.stringify(settings)),
      stop: () => server.kill(),
      start: () => server.start(),
      close: async () => {},
    };
  });

  it('lays its documents over one another in the order of their names', async () => {
    await put('10-base.yaml', 'a: 1\nb: { c: 1, d: 1 }');
    await put('20-site.toml', 'a = 2\n[b]\nc = 2\n');
    const source = await open(server.url);
    expect((await source.load()).settings).toEqual({ a: 2, b: { c: 2, d: 1 } });
    await source.close();
  });
});
