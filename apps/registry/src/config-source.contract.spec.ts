import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openConfigSource } from '@rookery/config';
import { pushingSourceContract } from '@rookery/config/testing';
import { freePorts } from '@rookery/servers';
import { RegistryProcess } from './testing/registry-process.ts';

pushingSourceContract('consul driver on the embedded registry', async () => {
  const registry = await RegistryProcess.start();
  const home = await mkdtemp(join(tmpdir(), 'rookery-kv-'));
  const [deadPort] = await freePorts(1);
  let service = 'orders-0';
  let keys = 0;
  const open = (port: number | undefined) =>
    openConfigSource({ url: `consul://127.0.0.1:${port}?wait=1s`, service, home, waitMs: 500 });
  return {
    open: () => open(registry.port),
    openUnreachable: () => open(deadPort),
    nextKey: async () => {
      service = `orders-${++keys}`;
    },
    async publish(settings) {
      const url = `${registry.url}/v1/kv/config/${service}`;
      const init = { method: 'PUT', body: JSON.stringify(settings), signal: AbortSignal.timeout(5_000) };
      const response = await fetch(url, init);
      if (!response.ok) throw new Error(`put answered ${response.status}`);
    },
    stop: async () => {
      await registry.end('SIGKILL');
    },
    start: () => registry.start(),
    close: async () => {
      await registry.stop();
      await rm(home, { recursive: true });
    },
  };
});
