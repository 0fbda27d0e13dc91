import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, type SpringConfigServer, startOwnSpringConfig } from '@rookery/servers';
import { afterAll, describe, expect, it } from 'vitest';
import { openConfigSource } from '../open-sources.ts';
import { pushingSourceContract } from '../testing/contract.ts';

const spring = await startOwnSpringConfig();
const home = await mkdtemp(join(tmpdir(), 'rookery-spring-'));
afterAll(async () => {
  await spring?.stop();
  await rm(home, { recursive: true });
});

describe.skipIf(!spring)('on a real Spring Cloud Config server', () => {
  const server = spring as SpringConfigServer;
  let service = 'orders-0';
  let keys = 0;
  const open = (url: string, query = 'poll=200ms') =>
    openConfigSource({ url: `${url}?${query}`, service, home, waitMs: 500 });
  const write = (name: string, text: string) => writeFile(join(server.folder, name), text);

  // JSON is YAML, which this server reads; it leaves out what is empty.
  pushingSourceContract('spring-cloud-config', async () => {
    const [deadPort] = await freePorts(1);
    return {
      open: () => open(server.url),
      openUnreachable: () => open(`spring+http://127.0.0.1:${deadPort}`),
      nextKey: async () => {
        service = `orders-${++keys}`;
      },
      publish: (settings) => write(`${service}.yml`, JSON.stringify(settings)),
      stop: () => server.kill(),
      start: () => server.start(),
      close: async () => {},
    };
  });

  it('lays the profile over the application, and that over what is for all', async () => {
    await write('application.yml', 'a: 0\nshared: true\n');
    await write(`${service}.yml`, 'a: 1\nlist: [x, y]\n');
    await write(`${service}-prod.yml`, 'a: 2\n');
    const source = await open(server.url, 'profile=prod');
    expect((await source.load()).settings).toEqual({ a: 2, shared: true, list: ['x', 'y'] });
    await source.close();
    await rm(join(server.folder, 'application.yml'));
  });
});
