import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, type OwnServer, startOwnConsul } from '@rookery/servers';
import { afterAll, describe, expect, it } from 'vitest';
import { openConfigSource } from '../open-sources.ts';
import { pushingSourceContract } from '../testing/contract.ts';

const consul = await startOwnConsul();
const home = await mkdtemp(join(tmpdir(), 'rookery-consul-'));
afterAll(async () => {
  await consul?.stop();
  await rm(home, { recursive: true });
});

describe.skipIf(!consul)('on a real Consul', () => {
  const server = consul as OwnServer;
  let service = 'orders-0';
  let keys = 0;
  const open = (url: string) => openConfigSource({ url: `${url}/settings?wait=1s`, service, home, waitMs: 500 });
  const put = async (text: string) => {
    const url = `${server.url.replace('consul:', 'http:')}/v1/kv/settings/${service}`;
    const response = await fetch(url, { method: 'PUT', body: text, signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error(`put answered ${response.status}`);
  };

  pushingSourceContract('consul', async () => {
    const [deadPort] = await freePorts(1);
    return {
      open: () => open(server.url),
      openUnreachable: () => open(`consul://127.0.0.1:${deadPort}`),
      nextKey: async () => {
        service = `orders-${++keys}`;
      },
      publish: (settings) => put(JSON.stringify(settings)),
      stop: () => server.kill(),
      start: () => server.start(),
      close: async () => {},
    };
  });

  it('keeps the last good value while the text is none, says so once, and goes on', async () => {
    await put('step: 1');
    const source = await open(server.url);
    await source.load();
    const steps: unknown[] = [];
    const problems: string[] = [];
    source.watch?.(
      ({ settings }) => steps.push(settings.step),
      ({ code, message }) => problems.push(`${code} ${message}`),
    );
    await put('step: [2');
    await expect
      .poll(() => problems, { timeout: 5_000 })
      .toEqual([expect.stringMatching(/^CONFIG_UNREADABLE .*line 1/)]);
    await put('step: 3');
    await expect.poll(() => steps, { timeout: 10_000 }).toEqual([3]);
    expect(problems).toHaveLength(1);
    await source.close();
  });

  it('says what is wrong with its URL without its token', async () => {
    const wrong = openConfigSource({ url: 'consul://host?token=hunter2&wiat=1s', service, home });
    await expect(wrong).rejects.toThrow(/CONFIG_URL .*"wiat" is not one of/);
    await expect(openConfigSource({ url: 'consul://host?token=hunter2&wiat=1s', service, home })).rejects.not.toThrow(
      'hunter2',
    );
  });
});
